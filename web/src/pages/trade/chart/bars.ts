import type { Endpoints } from '~/api/endpoints'
import { rest } from '~/api/rest'
import type { Streams } from '~/stream/streams'

/** All bars that the exchange keeps, by the names that traders know. */
export const BARS = [
  ...['1s', '1m', '3m', '5m', '15m', '30m', '1H', '2H', '4H'],
  ...['6H', '8H', '12H', '1D', '2D', '3D', '5D', '1W', '1M', '3M', '6M', '1Y'],
] as const

export type BarName = string
type WireBar = NonNullable<Endpoints['GET market/candles']['bar']>

export interface Bar {
  /** Its start in ms. */
  ts: number
  open: number
  high: number
  low: number
  close: number
  volume: number
}

const PAGE = 300
const BEIJING_MIN = -480
const SHORT = /^(?:1s|\d+m|[124]H)$/

/** The exchange's name of a bar: long ones begin at midnight in UTC, for readers in UTC+8 there. */
export function wireName(bar: BarName, offsetMin = new Date().getTimezoneOffset()): WireBar {
  const isBare = SHORT.test(bar) || offsetMin === BEIJING_MIN
  return (isBare ? bar : `${bar}utc`) as WireBar
}

/** Bars of an instrument, oldest first: those of the past in pages, the last one live. */
export class BarSeries {
  #bars: Bar[] = []
  #isLoading = false
  #isAll = false
  private readonly bar: WireBar

  constructor(
    private readonly streams: Streams,
    private readonly instId: string,
    bar: BarName,
    /** Called with all bars when they were loaded, and with the last one as it changes. */
    private readonly onBars: (bars: Bar[], isLastOnly: boolean) => void,
  ) {
    this.bar = wireName(bar)
  }

  /** Begins; returns how to end it. */
  start(): () => void {
    let isOver = false
    const topic = { channel: `candle${this.bar}`, instId: this.instId }
    const leave = this.streams.subscribe(topic, {
      onReset: () => void this.#fill(() => isOver),
      onPush: ({ data }) => {
        for (const row of data as string[][]) this.#take(barOf(row))
      },
    })
    return () => {
      isOver = true
      leave()
    }
  }

  /** Puts a page of older bars in front, if there are any. */
  async older(): Promise<void> {
    const [first] = this.#bars
    if (!first || this.#isLoading || this.#isAll) return
    this.#isLoading = true
    try {
      const rows = await rest.get<string[], 'market/history-candles'>('market/history-candles', {
        instId: this.instId,
        bar: this.bar,
        after: first.ts,
        limit: PAGE,
      })
      this.#isAll = rows.length === 0
      if (rows.length > 0) this.#merge(rows.map(barOf))
    } catch {
      // Asked for again at the next scroll.
    } finally {
      this.#isLoading = false
    }
  }

  /** The last bars, also those that ended while the connection was away. */
  async #fill(isOver: () => boolean): Promise<void> {
    try {
      const { instId, bar } = this
      const params = { instId, bar, limit: PAGE }
      const rows = await rest.get<string[], 'market/candles'>('market/candles', params)
      if (!isOver()) this.#merge(rows.map(barOf))
    } catch {
      // The next connection asks again.
    }
  }

  #merge(bars: Bar[]): void {
    const all = new Map(this.#bars.map((bar) => [bar.ts, bar]))
    const newest = this.#bars.at(-1)?.ts ?? 0
    // The live bar is newer than any page.
    for (const bar of bars) if (bar.ts !== newest || !all.has(bar.ts)) all.set(bar.ts, bar)
    this.#bars = [...all.values()].sort((one, other) => one.ts - other.ts)
    this.onBars(this.#bars, false)
  }

  #take(bar: Bar): void {
    const last = this.#bars.at(-1)
    if (!last || bar.ts < last.ts) return
    if (bar.ts === last.ts) this.#bars[this.#bars.length - 1] = bar
    else this.#bars.push(bar)
    this.onBars(this.#bars, true)
  }
}

function barOf(row: string[]): Bar {
  const [ts, open, high, low, close, volume] = row.map(Number)
  return {
    ts: ts ?? 0,
    open: open ?? 0,
    high: high ?? 0,
    low: low ?? 0,
    close: close ?? 0,
    volume: volume ?? 0,
  }
}
