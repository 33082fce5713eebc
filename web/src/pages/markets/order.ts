import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { rest } from '~/api/rest'
import { useServices } from '~/app/services'
import type { Ticker } from '~/market/feeds'
import type { Instrument } from '~/market/instruments'

export type SortKey = 'pair' | 'last' | 'change' | 'volume'

export interface Order {
  key: SortKey
  down: boolean
}

export type Tickers = ReadonlyMap<string, Ticker>

const ORDER_EVERY_MS = 2_000

/** All tickers as they are now. */
export const tickersQuery = {
  queryKey: ['tickers'],
  queryFn: () => rest.get<Ticker, 'market/tickers'>('market/tickers', { instType: 'SPOT' }),
  staleTime: ORDER_EVERY_MS,
}

/**
 * Tickers for the order of rows: rows that jump with every trade cannot be read. The first are
 * asked for at once; undefined until then, since rows in no order would jump too.
 */
export function useSlowTickers(instruments: Instrument[] | undefined): Tickers | undefined {
  const { market } = useServices()
  const first = useQuery(tickersQuery)
  const [tickers, setTickers] = useState<Ticker[]>()
  useEffect(() => {
    const feeds = (instruments ?? []).map(({ instId }) => market.ticker(instId))
    const releases = feeds.map((feed) => feed.use())
    const read = () => {
      const known = feeds.flatMap((feed) => feed.get() ?? [])
      if (known.length > 0) setTickers(known)
    }
    const slow = setInterval(read, ORDER_EVERY_MS)
    return () => {
      clearInterval(slow)
      for (const release of releases) release()
    }
  }, [market, instruments])
  return useMemo(() => {
    if (!tickers && !first.data) return first.isError ? NONE : undefined
    return merged(first.data ?? [], tickers ?? [])
  }, [tickers, first.data, first.isError])
}

const NONE: Tickers = new Map()

/** Tickers by pair: those of the feeds, and the first where a feed has said nothing yet. */
export function merged(first: readonly Ticker[], live: readonly Ticker[]): Tickers {
  return new Map([...first, ...live].map((ticker) => [ticker.instId, ticker]))
}

/** The pair with the largest volume; undefined while nothing is known to have been traded. */
export function busiestOf(instruments: Instrument[], tickers: Tickers): Instrument | undefined {
  const traded = instruments.filter(({ instId }) => Number(tickers.get(instId)?.volCcy24h) > 0)
  return sorted(traded, tickers, { key: 'volume', down: true })[0]
}

/** The move of the day as a share; null where the exchange does not know the day (yet). */
export function changeOf({ last, open24h }: Pick<Ticker, 'last' | 'open24h'>): number | null {
  const open = Number(open24h)
  return open > 0 && last ? Number(last) / open - 1 : null
}

export function sorted(instruments: Instrument[], tickers: Tickers, order: Order): Instrument[] {
  const value = ({ instId, quoteCcy }: Instrument): number => {
    const ticker = tickers.get(instId)
    if (!ticker) return 0
    if (order.key === 'last') return Number(ticker.last)
    if (order.key === 'change') return changeOf(ticker) ?? 0
    return Number(ticker.volCcy24h) * worth(quoteCcy, tickers)
  }
  const sign = order.down ? -1 : 1
  return instruments.toSorted((one, other) => {
    const names = one.instId < other.instId ? -1 : 1
    if (order.key === 'pair') return names * sign
    return (value(one) - value(other)) * sign || names
  })
}

/** Volumes in different currencies are compared in one. */
function worth(currency: string, tickers: Tickers): number {
  return Number(tickers.get(`${currency}-USDT`)?.last ?? 1)
}
