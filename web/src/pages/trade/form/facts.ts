import { useQuery } from '@tanstack/react-query'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'
import { useBest } from '~/market/instruments'
import { useAvailable } from '~/trading/use'
import { useDesk } from '../desk'
import type { Facts } from './draft'

interface FeeRow {
  maker: string
  taker: string
}

const FEES_FRESH_MS = 10 * 60_000

/** What the form of a side is checked against now. */
export function useFacts(side: 'buy' | 'sell'): Facts {
  const { instrument } = useDesk()
  const { bid, ask } = useBest(instrument.instId)
  const available = useAvailable(side === 'buy' ? instrument.quoteCcy : instrument.baseCcy)
  return {
    instrument,
    bid,
    ask,
    available,
    fees: useFees(),
  }
}

/** The account's rates; on the wire a fee is negative, here it is what one pays. */
function useFees(): Facts['fees'] {
  const session = useSession()
  const { data } = useQuery({
    queryKey: ['fees', session?.uid],
    enabled: Boolean(session),
    staleTime: FEES_FRESH_MS,
    queryFn: () => rest.get<FeeRow, 'account/trade-fee'>('account/trade-fee', { instType: 'SPOT' }),
  })
  const row = data?.[0]
  return row ? { maker: turned(row.maker), taker: turned(row.taker) } : null
}

function turned(rate: string): string {
  return rate.startsWith('-') ? rate.slice(1) : `-${rate}`
}
