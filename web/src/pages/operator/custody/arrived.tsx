import { useAmounts } from '~/pages/account/layout/amounts'
import { useDates } from '~/pages/account/layout/dates'
import type { Column } from '~/ui/Table'
import cells from '../layout/Cells.module.css'
import { Uid } from '../layout/Uid'
import { useTranslation } from '../texts'
import type { Unclaimed } from './rows'

type Arrived = Pick<Unclaimed, 'chain' | 'amt' | 'ccy' | 'txId' | 'seenTs'>

type Columns = Record<'chain' | 'amt' | 'tx' | 'seen', Column<Arrived>> & {
  who: Column<{ uid: string }>
  senders: Column<{ senders: string[] }>
}

/** What every list of deposits says of one, a column each; of users' ones whose it is. */
export function useArrived(): Columns {
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
    who: { id: 'who', title: t('op.claims.uid'), cell: ({ uid }) => <Uid uid={uid} /> },
    senders: {
      id: 'senders',
      title: t('op.claims.senders'),
      cell: ({ senders }) => <span className={cells.long}>{senders.join(', ') || '–'}</span>,
    },
    seen: { id: 'seen', title: t('op.claims.seen'), cell: ({ seenTs }) => date(seenTs) },
  }
}
