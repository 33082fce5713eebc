import { type ReactNode, useState } from 'react'
import { useTranslation } from '~/i18n'
import { Dialog } from '~/ui/Dialog'
import { lastEmail } from '../entry/lastEmail'
import { SignInForm } from '../entry/SignInForm'

/** Signing in again over a page, which keeps what was typed. */
export function SignInDialog({ onAnswer }: { onAnswer(done: boolean): void }): ReactNode {
  const { t } = useTranslation()
  const [email] = useState(lastEmail)
  return (
    <Dialog open title={t('signIn')} about={t('entry.again')} onClose={() => onAnswer(false)}>
      <SignInForm email={email} onEntered={() => onAnswer(true)} />
    </Dialog>
  )
}
