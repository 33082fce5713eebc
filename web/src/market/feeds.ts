import type { Listener, Push } from '~/stream/connection'
import type { Streams } from '~/stream/streams'
import { type BookMessage, type Level, OrderBook } from './book'
import { Feed } from './feed'
import { marketPace } from './pace'

export interface Ticker {
  instId: string
  last: string
  askPx: string
  bidPx: string
  open24h: string
  high24h: string
  low24h: string
  vol24h: string
  volCcy24h: string
  ts: string
}

export interface Trade {
  instId: string
  tradeId: string
  px: string
  sz: string
  side: 'buy' | 'sell'
  ts: string
}

/** The 24 hours of an instrument; null until it came. */
export class TickerFeed extends Feed<Ticker | null> {
  #last: Ticker | null = null

  constructor(
    private readonly streams: Streams,
    private readonly instId: string,
  ) {
    super(null, marketPace)
  }

  protected start(): () => void {
    const topic = { channel: 'tickers', instId: this.instId }
    const onPush = ({ data }: Push) => {
      this.#last = data.at(-1) as Ticker
      this.setSoon(() => this.#last)
    }
    return this.streams.subscribe(topic, { onPush })
  }
}

export interface Book {
  bids: Level[]
  asks: Level[]
  /** Whether it is the exchange's book, not one that waits for its snapshot. */
  isWhole: boolean
  /** How often it was asked for anew because something did not fit. */
  resyncs: number
}

/** The order book; it notices gaps and wrong checksums and asks for itself anew. */
export class BookFeed extends Feed<Book> implements Listener {
  #book = new OrderBook()
  #isWhole = false
  #resyncs = 0

  constructor(
    private readonly streams: Streams,
    private readonly instId: string,
  ) {
    super({ bids: [], asks: [], isWhole: false, resyncs: 0 }, marketPace)
  }

  get #topic() {
    return { channel: 'books', instId: this.instId }
  }

  protected start(): () => void {
    return this.streams.subscribe(this.#topic, this)
  }

  onReset(): void {
    this.#isWhole = false
    this.setSoon(() => this.#shown())
  }

  onPush({ action, data }: Push): void {
    const isSnapshot = action === 'snapshot'
    // Updates that were on their way when the book was asked for anew.
    if (!isSnapshot && !this.#isWhole) return
    for (const message of data as BookMessage[]) {
      if (this.#book.apply(message, isSnapshot) !== 'ok') {
        this.#resyncs += 1
        this.streams.resync(this.#topic)
        return
      }
    }
    this.#isWhole = true
    this.setSoon(() => this.#shown())
  }

  #shown(): Book {
    const { bids, asks } = this.#book
    return { bids, asks, isWhole: this.#isWhole, resyncs: this.#resyncs }
  }
}

const TRADES_SHOWN = 60

/** The last trades, newest first. */
export class TradesFeed extends Feed<Trade[]> {
  #trades: Trade[] = []

  constructor(
    private readonly streams: Streams,
    private readonly instId: string,
    private readonly load: (instId: string) => Promise<Trade[]>,
  ) {
    super([], marketPace)
  }

  protected start(): () => void {
    const topic = { channel: 'trades', instId: this.instId }
    return this.streams.subscribe(topic, {
      onPush: ({ data }) => this.#add(data as Trade[]),
      onReset: () => void this.#fill(),
    })
  }

  /** What was traded before, or while the connection was away. */
  async #fill(): Promise<void> {
    try {
      this.#merge(await this.load(this.instId))
    } catch {
      // The stream goes on by itself; older trades are missing until the next connection.
    }
  }

  #add(trades: Trade[]): void {
    this.#merge(trades.slice().reverse())
  }

  #merge(trades: Trade[]): void {
    const known = new Set(this.#trades.map(({ tradeId }) => tradeId))
    const fresh = trades.filter(({ tradeId }) => !known.has(tradeId))
    if (fresh.length === 0) return
    const all = [...fresh, ...this.#trades]
    all.sort((one, other) => Number(other.tradeId) - Number(one.tradeId))
    this.#trades = all.slice(0, TRADES_SHOWN)
    this.setSoon(() => this.#trades)
  }
}
