import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead } from '~/pages/account/layout/Section'
import sectionCss from '~/pages/account/layout/Section.module.css'
import { type Column, Table } from '~/ui/Table'
import { Tabs } from '~/ui/Tabs'
import css from '../layout/Cells.module.css'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import { DecisionsTable } from '../policy/DecisionsTable'
import { RiskScore } from '../policy/RiskScore'
import type { Decision } from '../policy/rows'
import { useTranslation } from '../texts'
import { type Queue, sentOf, type Withdrawal, worth } from './rows'
import { Verdicts } from './Verdicts'

const EVERY_MS = 3_000
const QUEUES = ['review', 'held', 'queued', 'short', 'ready', 'sent'] as const
const POLICY = 'policy'

type Name = (typeof QUEUES)[number]
type Shown = Name | typeof POLICY

/** Withdrawals that are not over, by what they wait for. */
export function WithdrawalsPage(): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const [shown, setShown] = useState<Shown>('review')
  const { data, error } = useReading<Queue, 'x/operator/withdrawals/queues'>(
    'x/operator/withdrawals/queues',
    {},
    EVERY_MS,
  )
  const { data: waiting } = useReading<Decision, 'x/operator/policy/decisions'>(
    'x/operator/policy/decisions',
    { state: 'waiting' },
    EVERY_MS,
  )
  const counts = new Map(data?.map(({ queue, count }) => [queue, count]))
  const queues = QUEUES.map((id) => ({
    id: id as Shown,
    title: `${word('queue', id)} (${amount(counts.get(id) ?? '0')})`,
    content: <List queue={id} />,
  }))
  const approvals = {
    id: POLICY as Shown,
    title: `${t('op.queue.policy')} (${amount(String(waiting?.length ?? 0))})`,
    content: (
      <div className={sectionCss.flush}>
        <DecisionsTable state="waiting" empty={t('op.decisions.none')} />
      </div>
    ),
  }
  return (
    <>
      <PageHead title={t('op.withdrawals')} about={t('op.withdrawals.about')} />
      <ReadingProblem problem={error} />
      <section className={sectionCss.section} aria-label={t('op.withdrawals')}>
        <Tabs<Shown>
          label={t('op.withdrawals')}
          tabs={[...queues.slice(0, 1), approvals, ...queues.slice(1)]}
          value={shown}
          onChange={setShown}
        />
      </section>
    </>
  )
}

function List({ queue }: { queue: Name }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const { data, error } = useReading<Withdrawal, 'x/operator/withdrawals'>(
    'x/operator/withdrawals',
    { queue },
    EVERY_MS,
  )
  return (
    <div className={sectionCss.flush}>
      <ReadingProblem problem={error} />
      <Table
        label={word('queue', queue)}
        columns={useColumns(queue)}
        rows={data ?? []}
        keyOf={({ wdId }) => wdId}
        empty={t(data ? 'op.queue.none' : 'loading')}
        cards
      />
    </div>
  )
}

function useColumns(queue: Name): Column<Withdrawal>[] {
  const { t } = useTranslation()
  const { may } = useOperator()
  const word = useWords()
  const amount = useAmounts()
  const date = useDates()
  const columns: Column<Withdrawal>[] = [
    {
      id: 'id',
      title: t('op.withdrawal'),
      cell: ({ wdId }) => <Link to={`/operator/withdrawals/${wdId}`}>…{wdId.slice(-6)}</Link>,
    },
    { id: 'uid', title: t('op.user.about'), cell: ({ uid }) => <Uid uid={uid} /> },
    { id: 'chain', title: t('op.sus.line'), cell: ({ chain }) => chain },
    {
      id: 'amt',
      title: t('form.size'),
      number: true,
      cell: (row) => (
        <>
          {amount(row.amt)} {row.ccy}
          {row.tranches.length ? (
            <small title={t('op.wd.split')}> {sentOf(row, amount)}</small>
          ) : null}
        </>
      ),
    },
    { id: 'usd', title: 'USD', number: true, cell: ({ usd }) => amount(worth(usd)) },
    { id: 'ts', title: t('op.wd.asked'), cell: ({ requestedTs }) => date(requestedTs) },
    {
      id: 'by',
      title: t('op.wd.by'),
      wideOnly: true,
      cell: ({ byApi }) => t(byApi ? 'op.wd.api' : 'op.wd.page'),
    },
    { id: 'risk', title: t('op.risk'), cell: ({ risk }) => <RiskScore risk={risk} /> },
    {
      id: 'policy',
      title: t('op.policy'),
      cell: ({ policy }) => (policy ? <Badge look="plain">{word('decision', policy)}</Badge> : '–'),
    },
  ]
  if (queue !== 'review' || !may('support')) return columns
  return [
    ...columns,
    {
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (row) => (
        <span className={css.acts}>
          <Verdicts row={row} size="small" />
        </span>
      ),
    },
  ]
}
