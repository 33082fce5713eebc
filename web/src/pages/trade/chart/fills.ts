import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'
import type { FillMark } from './scene'

/** A row of `trade/fills`. */
export interface Fill {
  instId: string
  tradeId: string
  ordId: string
  billId: string
  side: 'buy' | 'sell'
  fillPx: string
  fillSz: string
  fee: string
  feeCcy: string
  execType: string
  ts: string
}

/** Own fills of the last days on a pair, for the chart. */
export function useFills(instId: string): FillMark[] {
  const session = useSession()
  const { data } = useQuery({
    queryKey: ['fills', session?.uid, instId],
    enabled: Boolean(session),
    queryFn: () =>
      rest.get<Fill, 'trade/fills'>('trade/fills', { instType: 'SPOT', instId, limit: 100 }),
  })
  return useMemo(
    () => (data ?? []).map(({ ts, side, fillSz }) => ({ ts: Number(ts), side, text: fillSz })),
    [data],
  )
}
