import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { type Column, Table } from '~/ui/Table'
import { useTranslation } from '../texts'
import css from './Calendar.module.css'
import { type Allowed, type Phase, phaseAt } from './phases'

interface PhasesProps {
  phases: readonly Phase[]
  nowMs: number
}

/** What users can do, phase by phase. */
export function PhaseTable({ phases, nowMs }: PhasesProps): ReactNode {
  const { t } = useTranslation()
  const columns = useColumns(phaseAt(phases, nowMs)?.id)
  return (
    <Table
      label={t('op.cal.phases')}
      columns={columns}
      rows={phases}
      keyOf={({ id }) => id}
      empty={t('op.none')}
      cards
    />
  )
}

function useColumns(now: Phase['id'] | undefined): Column<Phase>[] {
  const { t } = useTranslation()
  const date = useDates()
  const may = (name: 'orders' | 'cancels' | 'deposits' | 'withdrawals'): Column<Phase> => ({
    id: name,
    title: t(`op.cal.${name}`),
    cell: (phase) => <May allowed={phase[name]} />,
  })
  return [
    {
      id: 'phase',
      title: t('op.cal.phase'),
      cell: ({ id }) => (
        <span className={css.phase}>
          <b>{t(`op.cal.phase.${id}`)}</b>{' '}
          {id === now ? <Badge look="plain">{t('op.cal.now')}</Badge> : null}
        </span>
      ),
    },
    {
      id: 'from',
      title: t('op.cal.from'),
      cell: ({ fromMs }) => (fromMs ? date(String(fromMs)) : t('op.cal.untilThen')),
    },
    may('orders'),
    may('cancels'),
    may('deposits'),
    may('withdrawals'),
  ]
}

const LOOKS: Record<Allowed, 'good' | 'bad' | 'plain'> = {
  yes: 'good',
  no: 'bad',
  postOnly: 'plain',
  gone: 'plain',
  wait: 'plain',
}

function May({ allowed }: { allowed: Allowed }): ReactNode {
  const { t } = useTranslation()
  return <Badge look={LOOKS[allowed]}>{t(`op.cal.may.${allowed}`)}</Badge>
}
