import { queryOptions, useQuery } from '@tanstack/react-query'
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
