import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { type Session, sessionQuery } from '~/api/session'
import { Notice } from '~/app/Notice'
import { useRefusalText } from '~/app/refusals'
import { useTranslation } from '~/i18n'
import { EntryCard } from '~/pages/account/entry/EntryCard'
import { rememberEmail } from '~/pages/account/entry/lastEmail'
import { SignInForm } from '~/pages/account/entry/SignInForm'
import { askSignIn } from '~/pages/account/proof/asking'
import { Button } from '~/ui/Button'
import { OPERATOR_LINKS } from '../links'
import type { Overview } from '../rows'
import css from './OperatorLayout.module.css'
import { useReading } from './reading'

const EVERY_MS = 5_000

/** The console's pages with the way between them, for whoever has a role and an authenticator. */
export function OperatorLayout(): ReactNode {
  const { t } = useTranslation()
  const refusal = useRefusalText()
  const { data: session, error } = useQuery(sessionQuery)
  const last = useRef<Session | null>(null)
  useEffect(() => {
    if (!session) return
    last.current = session
    rememberEmail(session.email)
  }, [session])
  // The session may end in the middle of something: the page stays with what was typed.
  const shown = session ?? last.current
  if (!shown) {
    if (session === null) return <SignInHere />
    return (
      <div className={css.waiting} role="status">
        {error ? refusal(error) : t('loading')}
      </div>
    )
  }
  if (shown.roles.length === 0) {
    return <Notice title={t('op.noRole.title')}>{t('op.noRole.about')}</Notice>
  }
  if (!shown.totp) return <AuthenticatorFirst />
  return <Inside hasEnded={session === null} />
}

function SignInHere(): ReactNode {
  const { t } = useTranslation()
  return (
    <EntryCard title={t('signIn')} about={t('op.signIn')} foot={null}>
      <SignInForm onEntered={() => {}} />
    </EntryCard>
  )
}

function AuthenticatorFirst(): ReactNode {
  const { t } = useTranslation()
  return (
    <Notice title={t('op.noTotp.title')}>
      <p>{t('op.noTotp.about')}</p>
      <Link to="/account/security">{t('op.noTotp.way')}</Link>
    </Notice>
  )
}

function Inside({ hasEnded }: { hasEnded: boolean }): ReactNode {
  const { data } = useReading<Overview, 'x/operator/overview'>(
    'x/operator/overview',
    {},
    hasEnded ? false : EVERY_MS,
  )
  const now = data?.[0]
  return (
    <div className={css.layout}>
      <Ways openProposals={Number(now?.openProposals ?? 0)} />
      <div className={css.content}>
        {hasEnded ? <Ended /> : null}
        {now?.setUp ? <SetUpMode /> : null}
        <Outlet />
      </div>
    </div>
  )
}

function Ended(): ReactNode {
  const { t } = useTranslation()
  return (
    <div className={css.banner} role="alert">
      <span>{t('refusal.90002')}</span>
      <Button look="primary" onClick={() => void askSignIn()}>
        {t('signIn')}
      </Button>
    </div>
  )
}

function SetUpMode(): ReactNode {
  const { t } = useTranslation()
  return (
    <div className={css.banner} role="status">
      <span>
        <b>{t('op.setUp.title')}</b> {t('op.setUp.about')}
      </span>
      <Link to="/operator/operators">{t('op.operators')}</Link>
    </div>
  )
}

/** Links to the console's pages; on a phone their row is wider than the screen. */
function Ways({ openProposals }: { openProposals: number }): ReactNode {
  const { t } = useTranslation()
  const nav = useRef<HTMLElement>(null)
  const path = useLocation({ select: (location) => location.pathname })
  useEffect(() => {
    const links = nav.current?.querySelectorAll('a') ?? []
    const current = [...links].findLast((link) => path.startsWith(link.pathname))
    current?.scrollIntoView({ inline: 'center', block: 'nearest' })
  }, [path])
  return (
    <nav ref={nav} className={css.nav} aria-label={t('nav.operator')}>
      {OPERATOR_LINKS.map(([to, name]) => (
        <Link
          key={to}
          to={to}
          className={css.link}
          activeOptions={{ exact: to === '/operator' }}
          activeProps={{ 'aria-current': 'page' }}
        >
          {t(name)}
          {to === '/operator/approvals' && openProposals > 0 ? (
            <span>
              <span aria-hidden="true">{openProposals}</span>
              <span className="unseen">{t('op.openProposals', { count: openProposals })}</span>
            </span>
          ) : null}
        </Link>
      ))}
    </nav>
  )
}
