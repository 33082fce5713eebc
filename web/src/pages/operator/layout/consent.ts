import { Refusal } from '~/api/refusal'
import { type Consent, rest } from '~/api/rest'
import { askPasskey, hasPasskeys } from '~/pages/account/passkeys/browser'

const PREFIX = 'x/operator/'

interface Challenge {
  ticket: string
  publicKey: PublicKeyCredentialRequestOptionsJSON
}

/** Has the operator's passkey sign a request: this one, with what it is sent, and no other. */
async function sign(path: string, params: object): Promise<Consent | undefined> {
  if (!path.startsWith(PREFIX)) return undefined
  if (!hasPasskeys()) throw new Refusal('passkeyNeeded', 'no passkeys in this browser', 403)
  const [challenge] = await rest.post<Challenge, 'x/operator/passkey-options'>(
    'x/operator/passkey-options',
    { action: path.slice(PREFIX.length), terms: JSON.stringify(params) },
  )
  if (!challenge) return undefined
  return { ticket: challenge.ticket, credential: await askPasskey(challenge.publicKey) }
}

rest.onConsentNeeded(sign)
