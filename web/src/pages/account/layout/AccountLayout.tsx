import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { sessionQuery } from '~/api/session'
import { useRefusalText } from '~/app/refusals'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { EntryCard } from '../entry/EntryCard'
import { rememberEmail } from '../entry/lastEmail'
import { SignInForm } from '../entry/SignInForm'
import { ACCOUNT_LINKS } from '../links'
import { askSignIn } from '../proof/asking'
import css from './AccountLayout.module.css'

/** The account's pages with the way between them; who is not signed in does that here. */
export function AccountLayout(): ReactNode {
  const { t } = useTranslation()
  const { data: session, error, refetch } = useQuery(sessionQuery)
  const refusal = useRefusalText()
  const wasIn = useRef(false)
  useEffect(() => {
    if (!session) return
    wasIn.current = true
    rememberEmail(session.email)
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
    <div className={css.layout}>
      <Ways />
      <div className={css.content}>
        {session === null ? <Ended /> : null}
        <Outlet />
      </div>
    </div>
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

/** The page stays with what was typed; signing in again goes on with it. */
function Ended(): ReactNode {
  const { t } = useTranslation()
  return (
    <div className={css.ended} role="alert">
      <span>{t('refusal.90002')}</span>
      <Button look="primary" onClick={() => void askSignIn()}>
        {t('signIn')}
      </Button>
    </div>
  )
}

/** Links to the account's pages; on a phone their row is wider than the screen. */
function Ways(): ReactNode {
  const { t } = useTranslation()
  const nav = useRef<HTMLElement>(null)
  const path = useLocation({ select: (location) => location.pathname })
  useEffect(() => {
    const links = nav.current?.querySelectorAll('a') ?? []
    const current = [...links].findLast((link) => path.startsWith(link.pathname))
    current?.scrollIntoView({ inline: 'center', block: 'nearest' })
  }, [path])
  return (
    <nav ref={nav} className={css.nav} aria-label={t('account')}>
      {ACCOUNT_LINKS.map(([to, name]) => (
        <Link
          key={to}
          to={to}
          className={css.link}
          activeOptions={{ exact: to === '/account' }}
          activeProps={{ 'aria-current': 'page' }}
        >
          {t(name)}
        </Link>
      ))}
    </nav>
  )
}
