import { useEffect, useState } from 'react'
import { useServices } from '~/app/services'
import type { Ticker } from '~/market/feeds'
import type { Instrument } from '~/market/instruments'

export type SortKey = 'pair' | 'last' | 'change' | 'volume'

export interface Order {
  key: SortKey
  down: boolean
}

type Tickers = ReadonlyMap<string, Ticker>

const ORDER_EVERY_MS = 2_000

/** Tickers for the order of rows: rows that jump with every trade cannot be read. */
export function useSlowTickers(instruments: Instrument[] | undefined): Tickers {
  const { market } = useServices()
  const [tickers, setTickers] = useState<Tickers>(new Map())
  useEffect(() => {
    const feeds = (instruments ?? []).map(({ instId }) => market.ticker(instId))
    const releases = feeds.map((feed) => feed.use())
    const read = () => {
      const known = feeds.flatMap((feed) => feed.get() ?? [])
      setTickers(new Map(known.map((ticker) => [ticker.instId, ticker])))
      return known.length
    }
    // The first complete picture is ordered at once.
    const first = setInterval(() => read() === feeds.length && clearInterval(first), 100)
    const slow = setInterval(read, ORDER_EVERY_MS)
    return () => {
      clearInterval(first)
      clearInterval(slow)
      for (const release of releases) release()
    }
  }, [market, instruments])
  return tickers
}

export function changeOf({ last, open24h }: Pick<Ticker, 'last' | 'open24h'>): number {
  const open = Number(open24h)
  return open > 0 ? Number(last) / open - 1 : 0
}

export function sorted(instruments: Instrument[], tickers: Tickers, order: Order): Instrument[] {
  const value = ({ instId, quoteCcy }: Instrument): number => {
    const ticker = tickers.get(instId)
    if (!ticker) return 0
    if (order.key === 'last') return Number(ticker.last)
    if (order.key === 'change') return changeOf(ticker)
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
