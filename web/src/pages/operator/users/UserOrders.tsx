import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { useWords } from '../layout/words'
import type { OpenOrder } from '../rows'
import { useTranslation } from '../texts'

/** A user's open orders, at most a hundred. */
export function UserOrders({ rows }: { rows: readonly OpenOrder[] }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const date = useDates()
  const columns: Column<OpenOrder>[] = [
    { id: 'time', title: t('time'), cell: ({ createdTs }) => date(createdTs) },
    { id: 'pair', title: t('markets.pair'), cell: ({ instId }) => instId },
    {
      id: 'side',
      title: t('op.side'),
      cell: ({ side }) => (
        <span className={side === 'buy' ? 'up' : 'down'}>{word('side', side)}</span>
      ),
    },
    { id: 'px', title: t('form.price'), number: true, cell: ({ px }) => amount(px) },
    { id: 'sz', title: t('form.size'), number: true, cell: ({ sz }) => amount(sz) },
    { id: 'filled', title: t('op.filled'), number: true, cell: (row) => amount(row.accFillSz) },
    { id: 'id', title: t('op.order'), cell: ({ ordId }) => ordId },
  ]
  return (
    <Section title={t('op.openOrders')} flush>
      <Table
        label={t('op.openOrders')}
        columns={columns}
        rows={rows}
        keyOf={({ ordId }) => ordId}
        empty={t('op.none')}
        cards
      />
    </Section>
  )
}
