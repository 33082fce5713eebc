import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { OpenProposals } from '../approvals/OpenProposals'
import { Act } from '../layout/Act'
import cells from '../layout/Cells.module.css'
import { useNow } from '../layout/now'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import type { Instrument } from '../rows'
import { useTranslation } from '../texts'
import css from './Calendar.module.css'
import { DelistingDialog } from './DelistingDialog'
import { MaintenanceDialog } from './MaintenanceDialog'
import { NetworkDialog } from './NetworkDialog'
import { PlanSection } from './PlanSection'
import { isOver, type Plan } from './plans'
import { usePlanTitle } from './title'

const EVERY_MS = 5_000
const KINDS = ['maintenance', 'network-maintenance', 'delisting']

/** Windows of maintenance and delistings: proposed, planned, under way and past. */
export function CalendarPage(): ReactNode {
  const { t } = useTranslation()
  const nowMs = useNow(true)
  const { data, error } = useReading<Plan, 'x/operator/calendar'>(
    'x/operator/calendar',
    {},
    EVERY_MS,
  )
  const ahead = data?.filter((plan) => !isOver(plan)) ?? []
  return (
    <>
      <PageHead title={t('op.cal')} about={t('op.cal.about')} action={<Acts />} />
      <ReadingProblem problem={error} />
      <OpenProposals kinds={KINDS} />
      {ahead.map((plan) => (
        <PlanSection key={plan.plan} plan={plan} nowMs={nowMs} />
      ))}
      {ahead.length === 0 ? (
        <Section title={t('op.cal.ahead')} about={data ? t('op.cal.none') : t('loading')} />
      ) : null}
      <Past plans={data?.filter(isOver) ?? []} />
    </>
  )
}

function Acts(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  const { data } = useReading<Instrument, 'x/operator/instruments'>('x/operator/instruments', {})
  if (!may('trading') || !data) return null
  return (
    <span className={css.acts}>
      <Act label={t('op.cal.maintenance')}>
        {(close) => <MaintenanceDialog instruments={data} onClose={close} />}
      </Act>
      <Act label={t('op.cal.network')}>{(close) => <NetworkDialog onClose={close} />}</Act>
      <Act label={t('op.cal.delisting')}>
        {(close) => <DelistingDialog instruments={data} onClose={close} />}
      </Act>
    </span>
  )
}

function Past({ plans }: { plans: readonly Plan[] }): ReactNode {
  const { t } = useTranslation()
  const title = usePlanTitle()
  const date = useDates()
  if (plans.length === 0) return null
  const columns: Column<Plan>[] = [
    { id: 'what', title: t('op.kind'), cell: (plan) => <b>{title(plan)}</b> },
    {
      id: 'from',
      title: t('op.cal.from'),
      cell: (plan) => date(plan.kind === 'delisting' ? plan.depositsTs : plan.beginTs),
    },
    {
      id: 'until',
      title: t('op.cal.until'),
      cell: (plan) => date(plan.kind === 'delisting' ? plan.withdrawalsTs : plan.endTs),
    },
    {
      id: 'pairs',
      title: t('op.term.instIds'),
      cell: (plan) => (
        <span className={cells.long}>
          {(plan.kind === 'network' ? '' : plan.instIds.join(', ')) || '–'}
        </span>
      ),
    },
    {
      id: 'state',
      title: t('op.state'),
      cell: ({ state }) => <Badge look="plain">{t(`op.cal.state.${state}`)}</Badge>,
    },
  ]
  return (
    <Section title={t('op.cal.past')} flush>
      <Table
        label={t('op.cal.past')}
        columns={columns}
        rows={plans}
        keyOf={({ plan }) => plan}
        empty={t('op.none')}
        cards
      />
    </Section>
  )
}
