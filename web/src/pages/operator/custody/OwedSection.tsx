import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { useDates } from '~/pages/account/layout/dates'
import type { Column } from '~/ui/Table'
import { ReadingSection } from '../layout/ReadingSection'
import { useTranslation } from '../texts'
import { useArrived } from './arrived'
import type { Owed } from './rows'

const EVERY_MS = 10_000

/** What chains took back after it was spent, and how much of it its owners owe. */
export function OwedSection(): ReactNode {
  const { t } = useTranslation()
  return (
    <ReadingSection<Owed>
      title={t('op.owed')}
      about={t('op.owed.about')}
      path="x/operator/deposits/owed"
      every={EVERY_MS}
      columns={useColumns()}
      keyOf={({ depId }) => depId}
      none={t('op.owed.none')}
    />
  )
}

function useColumns(): Column<Owed>[] {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  const { chain, amt, who, tx } = useArrived()
  return [
    chain,
    amt,
    {
      id: 'owed',
      title: t('op.owed.owed'),
      number: true,
      cell: ({ owed, ccy }) => `${amount(owed)} ${ccy}`,
    },
    who,
    { id: 'since', title: t('op.owed.since'), cell: ({ owedTs }) => date(owedTs) },
    tx,
  ]
}
