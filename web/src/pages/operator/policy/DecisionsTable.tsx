import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { type Column, Table } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import css from '../layout/Cells.module.css'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import { decisionLook } from './Explained'
import { RiskScore } from './RiskScore'
import type { Decision } from './rows'
import { Wanted } from './Wanted'

const EVERY_MS = 3_000
const DEEDS = ['approve', 'reject'] as const

/** Decisions of the policy; those that wait for approvals with what may be said of them. */
export function DecisionsTable(props: { state?: 'waiting'; empty: string }): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReading<Decision, 'x/operator/policy/decisions'>(
    'x/operator/policy/decisions',
    props.state ? { state: props.state } : {},
    EVERY_MS,
  )
  return (
    <>
      <ReadingProblem problem={error} />
      <Table
        label={t('op.decisions')}
        columns={useColumns()}
        rows={data ?? []}
        keyOf={({ wdId }) => wdId}
        empty={data ? props.empty : t('loading')}
        cards
      />
    </>
  )
}

function useColumns(): Column<Decision>[] {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const date = useDates()
  return [
    {
      id: 'id',
      title: t('op.withdrawal'),
      cell: ({ wdId }) => <Link to={`/operator/withdrawals/${wdId}`}>…{wdId.slice(-6)}</Link>,
    },
    { id: 'uid', title: t('op.user.about'), cell: ({ uid }) => <Uid uid={uid} /> },
    { id: 'usd', title: 'USD', number: true, cell: ({ usd }) => amount(usd) },
    {
      id: 'state',
      title: t('op.state'),
      cell: ({ state }) => <Badge look={decisionLook(state)}>{word('decision', state)}</Badge>,
    },
    { id: 'risk', title: t('op.risk'), cell: ({ risk }) => <RiskScore risk={risk} /> },
    {
      id: 'rule',
      title: t('op.rule'),
      number: true,
      cell: ({ rule }) => (rule === '0' ? '–' : rule),
    },
    {
      id: 'given',
      title: t('op.given'),
      cell: (row) => <Wanted decision={row} />,
    },
    { id: 'ts', title: t('op.decision.at'), cell: ({ ts }) => date(ts) },
    {
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (row) => (row.state === 'waiting' ? <DecisionActs row={row} /> : null),
    },
  ]
}

/** What may be said of a request that waits for approvals; whose word counts, the exchange says. */
export function DecisionActs({ row: { wdId } }: { row: Decision }): ReactNode {
  const { t } = useTranslation()
  return (
    <span className={css.acts}>
      {DEEDS.map((deed) => (
        <Act key={deed} label={t(`op.${deed}`)} about={wdId} size="small">
          {(close) => (
            <ActDialog
              title={t(`op.decision.${deed}`)}
              about={t(`op.decision.${deed}.about`)}
              path={`x/operator/policy/${deed}`}
              fixed={{ wdId }}
              deed={t(`op.${deed}`)}
              look={deed === 'approve' ? 'primary' : 'danger'}
              onClose={close}
              onDone={() => toast(t(deed === 'approve' ? 'op.approved' : 'op.rejected'), 'good')}
            />
          )}
        </Act>
      ))}
    </span>
  )
}
