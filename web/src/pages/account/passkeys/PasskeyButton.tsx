import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import type { Entered } from '~/api/session'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { KeyIcon } from '~/ui/icons'
import css from '../form/Form.module.css'
import { Problem } from '../form/Problem'
import { useAction } from '../form/useForm'
import { askPasskey, hasPasskeys } from './browser'

interface Challenge {
  ticket: string
  publicKey: PublicKeyCredentialRequestOptionsJSON
}

export interface PasskeyButtonProps {
  options: 'x/sign-in/passkey-options' | 'x/step-up/passkey-options'
  finish: 'x/sign-in/passkey' | 'x/step-up/passkey'
  onEntered(rows: Entered[]): Promise<void>
}

/** Proves with a passkey who somebody is. */
export function PasskeyButton({ options, finish, onEntered }: PasskeyButtonProps): ReactNode {
  const { t } = useTranslation()
  const { run, busy, problem } = useAction(async () => {
    const [challenge] = await rest.post<Challenge>(options, {})
    if (!challenge) return
    const credential = await askPasskey(challenge.publicKey)
    await onEntered(await rest.post<Entered>(finish, { ticket: challenge.ticket, credential }))
  })
  if (!hasPasskeys()) return null
  return (
    <div className={css.form}>
      <Problem problem={problem} />
      <Button size="large" wide busy={busy} onClick={() => void run()}>
        <KeyIcon />
        {t('entry.passkey')}
      </Button>
    </div>
  )
}
