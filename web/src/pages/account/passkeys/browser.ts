import { Refusal } from '~/api/refusal'

/** Whether this browser can use passkeys at all. */
export function hasPasskeys(): boolean {
  return 'PublicKeyCredential' in window && 'parseRequestOptionsFromJSON' in PublicKeyCredential
}

/** A new passkey's answer as JSON; Refusal where the person or the browser did not want to. */
export async function createPasskey(options: PublicKeyCredentialCreationOptionsJSON) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  return answerOf(() => navigator.credentials.create({ publicKey }))
}

/** A passkey's answer to a challenge as JSON; Refusal as above. */
export async function askPasskey(options: PublicKeyCredentialRequestOptionsJSON) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  return answerOf(() => navigator.credentials.get({ publicKey }))
}

async function answerOf(ask: () => Promise<Credential | null>): Promise<string> {
  try {
    const credential = await ask()
    if (credential) return JSON.stringify((credential as PublicKeyCredential).toJSON())
  } catch (problem) {
    if (!(problem instanceof DOMException)) throw problem
    throw new Refusal(refusalCode(problem.name), problem.message, 400)
  }
  throw new Refusal('passkeyCancelled', 'no credential', 400)
}

/** What browsers say, by the sentence that a person is told. */
function refusalCode(name: string): string {
  if (name === 'InvalidStateError') return 'passkeyKnown'
  if (name === 'SecurityError') return 'passkeyPlace'
  return 'passkeyCancelled'
}
