import { Link, useLocation } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from '~/i18n'
import { Dialog } from '~/ui/Dialog'
import card from '../entry/EntryCard.module.css'
import { lastEmail } from '../entry/lastEmail'
import { SignInForm } from '../entry/SignInForm'

/** Signing in over a page, which keeps what was typed. */
export function SignInDialog({ onAnswer }: { onAnswer(done: boolean): void }): ReactNode {
  const { t } = useTranslation()
  const [email] = useState(lastEmail)
  useLeaving(() => onAnswer(false))
  return (
    <Dialog
      open
      title={t('signIn')}
      about={email ? t('entry.again') : undefined}
      onClose={() => onAnswer(false)}
    >
      <SignInForm email={email} onEntered={() => onAnswer(true)} />
      <p className={card.foot}>
        <span>{t('entry.noAccount')}</span>
        <Link to="/sign-up">{t('entry.signUp')}</Link>
      </p>
    </Dialog>
  )
}

/** A link of the dialog leads to another page, over which it would still stand. */
function useLeaving(leave: () => void): void {
  const path = useLocation({ select: (location) => location.pathname })
  const first = useRef(path)
  const leaving = useRef(leave)
  leaving.current = leave
  useEffect(() => {
    if (path !== first.current) leaving.current()
  }, [path])
}
