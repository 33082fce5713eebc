import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { type Session, sessionQuery } from '~/api/session'
import { Notice } from '~/app/Notice'
import { useRefusalText } from '~/app/refusals'
import { SubPages } from '~/app/SubPages'
import { EntryCard } from '~/pages/account/entry/EntryCard'
import { SignInForm } from '~/pages/account/entry/SignInForm'
import { Problem } from '~/pages/account/form/Problem'
import { SessionEnded } from '~/pages/account/proof/SessionEnded'
import { Banner } from '~/ui/Banner'
import { OPERATOR_LINKS } from '../links'
import type { Overview } from '../rows'
import { ConsoleTexts, useTranslation } from '../texts'
import './consent'
import css from './OperatorLayout.module.css'
import { AwayProvider, isPassing } from './ReadingProblem'
import { OPERATOR, useReading } from './reading'

const EVERY_MS = 5_000

/** The console's pages with the way between them, for whoever has a role and an authenticator. */
export function OperatorLayout(): ReactNode {
  return (
    <ConsoleTexts>
      <Admitted />
    </ConsoleTexts>
  )
}

function Admitted(): ReactNode {
  const { t } = useTranslation()
  const refusal = useRefusalText()
  const { data: session, error } = useQuery(sessionQuery)
  const last = useRef<Session | null>(null)
  useEffect(() => {
    if (session) last.current = session
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
  const { data, error, failureReason } = useReading<Overview, 'x/operator/overview'>(
    'x/operator/overview',
    {},
    hasEnded ? false : EVERY_MS,
  )
  const { t } = useTranslation()
  const now = data?.[0]
  const isAway = isPassing(failureReason)
  useAgainAfter(isAway)
  const open = Number(now?.openProposals ?? 0)
  const ways = OPERATOR_LINKS.map(([to, name]) => {
    const counts = to === '/operator/approvals' && open > 0
    return { to, name: counts ? [t(name), <Open key="open" count={open} />] : t(name) }
  })
  return (
    <SubPages label={t('nav.operator')} ways={ways} wide>
      <div className={css.content}>
        {hasEnded ? <SessionEnded /> : null}
        {now?.setUp ? <SetUpMode /> : null}
        {isPassing(error) ? <Problem problem={error} /> : null}
        <div className={css.page} data-stale={isAway || undefined}>
          <AwayProvider value={isPassing(error)}>
            <Outlet />
          </AwayProvider>
        </div>
      </div>
    </SubPages>
  )
}

/** What could not be read while the exchange was away is asked for again when it is back. */
function useAgainAfter(isAway: boolean): void {
  const client = useQueryClient()
  useEffect(() => {
    if (isAway) return
    const predicate = ({ state }: { state: { status: string } }) => state.status === 'error'
    void client.refetchQueries({ queryKey: [OPERATOR], type: 'active', predicate })
  }, [client, isAway])
}

function SetUpMode(): ReactNode {
  const { t } = useTranslation()
  return (
    <Banner role="status">
      <span>
        <b>{t('op.setUp.title')}</b> {t('op.setUp.about')}
      </span>
      <Link to="/operator/operators">{t('op.operators')}</Link>
    </Banner>
  )
}

function Open({ count }: { count: number }): ReactNode {
  const { t } = useTranslation()
  return (
    <span>
      <span aria-hidden="true">{count}</span>
      <span className="unseen">{t('op.openProposals', { count })}</span>
    </span>
  )
}
