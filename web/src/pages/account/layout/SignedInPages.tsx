import { useQuery } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { sessionQuery } from '~/api/session'
import { useRefusalText } from '~/app/refusals'
import { SubPages, type Way } from '~/app/SubPages'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { EntryCard } from '../entry/EntryCard'
import { SignInForm } from '../entry/SignInForm'
import { SessionEnded } from '../proof/SessionEnded'
import css from './SignedInPages.module.css'

/** Pages of one's own with the way between them; who is not signed in does that here. */
export function SignedInPages({ label, ways }: { label: string; ways: Way[] }): ReactNode {
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
    <SubPages label={label} ways={ways}>
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
