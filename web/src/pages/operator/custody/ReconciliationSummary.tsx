import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import cells from '../layout/Cells.module.css'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { Told } from '../layout/Told'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import { breaks, unknowns, verdict } from './numbers'
import type { Reconciliation } from './rows'

const EVERY_MS = 5_000

/** The last comparisons of all networks. */
export function useReconciliations() {
  return useReading<Reconciliation, 'x/operator/custody/reconciliation'>(
    'x/operator/custody/reconciliation',
    {},
    EVERY_MS,
  )
}

/** Whether chain and ledger agree, with the way to the page that shows where not. */
export function ReconciliationSummary(): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReconciliations()
  const broken = breaks(data?.flatMap(({ lines }) => lines) ?? []).length
  const unknown = unknowns(data ?? [])
  const known = !data || data.some(({ state }) => state !== 'never')
  return (
    <Section
      title={t('op.reconciliation')}
      about={known ? t('op.reconciliation.about') : t('op.reconciliation.none')}
      action={<Link to="/operator/reconciliation">{t('op.reconciliation.whole')}</Link>}
    >
      <ReadingProblem problem={error} />
      {data && known ? (
        <span role="status" className={cells.words}>
          {unknown.length > 0 ? (
            <Badge look={unknown.some(({ alarm }) => alarm) ? 'bad' : 'plain'}>
              {t('op.reconciliation.unknowns', { count: unknown.length })}
            </Badge>
          ) : null}
          {verdict(data) !== 'plain' ? (
            <Badge look={verdict(data)}>{t('op.reconciliation.breaks', { count: broken })}</Badge>
          ) : null}
        </span>
      ) : null}
      {unknown.map((one) => (
        <UnknownNetwork key={one.network} found={one} />
      ))}
    </Section>
  )
}

/** Which network, since when and why; what says nothing since is not running. */
function UnknownNetwork({ found }: { found: Reconciliation }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const { network, unknownTs, ts } = found
  return (
    <p className={css.unknown}>
      {t('op.reconciliation.unknownSince', { network })} {date(unknownTs || ts)} ·{' '}
      <Blindness found={found} />
    </p>
  )
}

/** Why balances cannot be told, in the reader's language, with what a node said beside. */
export function Blindness({ found }: { found: Reconciliation }): ReactNode {
  const { t, has } = useTranslation()
  const { why, problem, number, said } = found
  if (!problem) return t('op.reconciliation.noAnswer')
  const key = `op.blind.${why}`
  const text = has(key) ? t(key, { number }) : ''
  return <Told text={text} own={text ? said : problem} />
}

/** Why warm and cold are not compared, with what a node or the record's reader said. */
export function Unmeasured({ found }: { found: Reconciliation }): ReactNode {
  const { t, has } = useTranslation()
  const { uncompared, uncomparedWhy } = found
  const key = `op.uncompared.${uncomparedWhy}`
  const text = `${t('op.reconciliation.uncompared')} ${has(key) ? t(key) : ''}`.trim()
  return <Told text={text} own={uncomparedWhy === 'reading' ? '' : uncompared} />
}
