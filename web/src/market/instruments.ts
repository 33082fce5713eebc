import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { rest } from '~/api/rest'
import { useServices } from '~/app/services'
import { useFeed, useFeedPart } from './feed'
import type { Book, Ticker, Trade } from './feeds'
import { decimalsOf } from './numbers'

/** A row of `public/instruments`. */
interface InstrumentRow {
  instId: string
  baseCcy: string
  quoteCcy: string
  tickSz: string
  lotSz: string
  minSz: string
  maxLmtSz: string
  maxMktSz: string
  maxMktAmt: string
  state: string
}

/** A pair as people write it: BTC/USDT; only the API and addresses have BTC-USDT. */
export function pairName(instId: string): string {
  return instId.replace('-', '/')
}

/** A pair, with how many decimals its prices and sizes have. */
export interface Instrument extends InstrumentRow {
  priceDecimals: number
  sizeDecimals: number
}

export const instrumentsQuery = queryOptions({
  queryKey: ['instruments'],
  queryFn: loadInstruments,
  staleTime: 60_000,
})

export function useInstruments(): Instrument[] | undefined {
  return useQuery(instrumentsQuery).data
}

/** Keeps the states of pairs current while the component is there. */
export function useLiveStates(): void {
  const client = useQueryClient()
  const { streams } = useServices()
  useEffect(
    () =>
      streams.subscribe(
        { channel: 'instruments', instType: 'SPOT' },
        {
          onPush: ({ data }) =>
            client.setQueryData(instrumentsQuery.queryKey, (known) =>
              known ? withStates(known, data as StateRow[]) : known,
            ),
        },
      ),
    [client, streams],
  )
}

type StateRow = Pick<InstrumentRow, 'instId' | 'state'>

/** Pairs with the states that were pushed; the same ones where none is another. */
export function withStates(known: Instrument[], pushed: readonly StateRow[]): Instrument[] {
  const states = new Map(pushed.map(({ instId, state }) => [instId, state]))
  const isOther = ({ instId, state }: Instrument) => (states.get(instId) ?? state) !== state
  if (!known.some(isOther)) return known
  return known.map((each) =>
    isOther(each) ? { ...each, state: states.get(each.instId) ?? each.state } : each,
  )
}

export function useInstrument(instId: string): Instrument | undefined {
  return useInstruments()?.find((each) => each.instId === instId)
}

export function useTicker(instId: string): Ticker | null {
  return useFeed(useServices().market.ticker(instId))
}

/** The best prices alone, for what need not follow every trade. */
export function useBest(instId: string): { bid: string | null; ask: string | null } {
  const feed = useServices().market.ticker(instId)
  const bid = useFeedPart(feed, (ticker) => ticker?.bidPx || null)
  const ask = useFeedPart(feed, (ticker) => ticker?.askPx || null)
  return { bid, ask }
}

export function useBook(instId: string): Book {
  return useFeed(useServices().market.book(instId))
}

export function useTrades(instId: string): Trade[] {
  return useFeed(useServices().market.trades(instId))
}

async function loadInstruments(): Promise<Instrument[]> {
  const rows = await rest.get<InstrumentRow, 'public/instruments'>('public/instruments', {
    instType: 'SPOT',
  })
  return rows.map((row) => ({
    ...row,
    priceDecimals: decimalsOf(row.tickSz),
    sizeDecimals: decimalsOf(row.lotSz),
  }))
}
