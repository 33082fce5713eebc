import { useQuery } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { sessionQuery } from '~/api/session'
import { useRefusalText } from '~/app/refusals'
import { SubPages } from '~/app/SubPages'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { EntryCard } from '../entry/EntryCard'
import { SignInForm } from '../entry/SignInForm'
import { ACCOUNT_LINKS } from '../links'
import { SessionEnded } from '../proof/SessionEnded'
import css from './AccountLayout.module.css'

/** The account's pages with the way between them; who is not signed in does that here. */
export function AccountLayout(): ReactNode {
  const { t } = useTranslation()
  const { data: session, error, refetch } = useQuery(sessionQuery)
  const refusal = useRefusalText()
  const wasIn = useRef(false)
  useEffect(() => {
    if (session) wasIn.current = true
  }, [session])
  if (session === undefined) {
    return (
      <div className={css.waiting} role="status">
        {error ? refusal(error) : t('account.loading')}
        {error ? <Button onClick={() => void refetch()}>{t('account.again')}</Button> : null}
      </div>
    )
  }
  if (session === null && !wasIn.current) return <SignInHere />
  return (
    <SubPages
      label={t('account')}
      ways={ACCOUNT_LINKS.map(([to, name]) => ({ to, name: t(name) }))}
    >
      {session === null ? <SessionEnded /> : null}
      <Outlet />
    </SubPages>
  )
}

function SignInHere(): ReactNode {
  const { t } = useTranslation()
  const foot = (
    <>
      <span>{t('entry.noAccount')}</span>
      <Link to="/sign-up">{t('entry.signUp')}</Link>
    </>
  )
  return (
    <EntryCard title={t('signIn')} about={t('entry.needed')} foot={foot}>
      <SignInForm onEntered={() => {}} />
    </EntryCard>
  )
}
