import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import { Act } from '../layout/Act'
import { Uid } from '../layout/Uid'
import { useTranslation } from '../texts'
import { outcomeOf } from './outcome'
import { ProposeTable } from './RiskTable'
import { type Change, hasTable, type Policy, type Rule } from './rows'

interface PastProps {
  policy: Policy
  /** Takes rules as a draft, to be proposed again. */
  onDraft(rules: Rule[]): void
}

/** Changes that are over and what became of each; also that another came into force before it. */
export function PastChanges({ policy, onDraft }: PastProps): ReactNode {
  const { t } = useTranslation()
  const over = policy.changes.filter(({ over }) => over)
  const columns = useColumns(policy, onDraft)
  if (over.length === 0) return null
  return (
    <Section title={t('op.changes.past')} about={t('op.changes.past.about')} flush>
      <Table
        label={t('op.changes.past')}
        columns={columns}
        rows={over}
        keyOf={({ change }) => change}
        empty={t('op.none')}
        cards
      />
    </Section>
  )
}

function useColumns(policy: Policy, onDraft: (rules: Rule[]) => void): Column<Change>[] {
  const { t } = useTranslation()
  const date = useDates()
  return [
    { id: 'change', title: t('op.number'), cell: ({ change }) => change },
    { id: 'proposer', title: t('op.proposer'), cell: ({ proposer }) => <Uid uid={proposer} /> },
    { id: 'ts', title: t('account.created'), cell: ({ ts }) => date(ts) },
    {
      id: 'kind',
      title: t('op.changes'),
      cell: ({ risk }) => t(hasTable(risk) ? 'op.table' : 'op.policy'),
    },
    {
      id: 'outcome',
      title: t('op.change.outcome'),
      cell: (change) => {
        const outcome = outcomeOf(change, policy, Date.now())
        return (
          <Badge look={outcome === 'inForce' ? 'good' : 'plain'}>
            {t(`op.change.${outcome}`, { number: change.supersededBy })}
          </Badge>
        )
      },
    },
    {
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: ({ change, rules, risk }) =>
        hasTable(risk) ? (
          <Act label={t('op.change.again')} about={change} size="small">
            {(close) => <ProposeTable table={risk} onClose={close} />}
          </Act>
        ) : (
          <Button
            size="small"
            aria-label={`${t('op.change.again')}: ${change}`}
            onClick={() => onDraft([...rules])}
          >
            {t('op.change.again')}
          </Button>
        ),
    },
  ]
}
