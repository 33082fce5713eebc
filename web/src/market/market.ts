import { rest } from '~/api/rest'
import type { Streams } from '~/stream/streams'
import { BookFeed, TickerFeed, type Trade, TradesFeed } from './feeds'

/** The live feeds of a page, one for each instrument and kind. */
export class Market {
  readonly #tickers = new Map<string, TickerFeed>()
  readonly #books = new Map<string, BookFeed>()
  readonly #trades = new Map<string, TradesFeed>()

  constructor(private readonly streams: Streams) {}

  ticker(instId: string): TickerFeed {
    return made(this.#tickers, instId, () => new TickerFeed(this.streams, instId))
  }

  book(instId: string): BookFeed {
    return made(this.#books, instId, () => new BookFeed(this.streams, instId))
  }

  trades(instId: string): TradesFeed {
    return made(this.#trades, instId, () => new TradesFeed(this.streams, instId, lastTrades))
  }
}

function made<T>(feeds: Map<string, T>, instId: string, make: () => T): T {
  let feed = feeds.get(instId)
  if (!feed) {
    feed = make()
    feeds.set(instId, feed)
  }
  return feed
}

function lastTrades(instId: string): Promise<Trade[]> {
  return rest.get<Trade, 'market/trades'>('market/trades', { instId, limit: '60' })
}
