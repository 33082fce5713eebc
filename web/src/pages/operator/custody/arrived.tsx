import { useAmounts } from '~/pages/account/layout/amounts'
import { useDates } from '~/pages/account/layout/dates'
import type { Column } from '~/ui/Table'
import cells from '../layout/Cells.module.css'
import { useTranslation } from '../texts'
import type { Unclaimed } from './rows'

type Arrived = Pick<Unclaimed, 'chain' | 'amt' | 'ccy' | 'txId' | 'seenTs'>

/** What every list of deposits says of one, a column each. */
export function useArrived(): Record<'chain' | 'amt' | 'tx' | 'seen', Column<Arrived>> {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  return {
    chain: { id: 'chain', title: t('op.sus.line'), cell: ({ chain }) => <b>{chain}</b> },
    amt: {
      id: 'amt',
      title: t('form.size'),
      number: true,
      cell: ({ amt, ccy }) => `${amount(amt)} ${ccy}`,
    },
    tx: {
      id: 'tx',
      title: t('op.wd.tx'),
      cell: ({ txId }) => <span className={cells.long}>{txId || '–'}</span>,
    },
    seen: { id: 'seen', title: t('op.claims.seen'), cell: ({ seenTs }) => date(seenTs) },
  }
}
