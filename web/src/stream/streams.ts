import type { AppConfig } from '~/api/config'
import { rest } from '~/api/rest'
import { Connection, type LinkState, type Listener, type Topic } from './connection'

type Path = 'public' | 'private' | 'business' | 'funds'

const PRIVATE = new Set([
  ...['account', 'balance_and_position', 'orders', 'fills'],
  'x-reserves-proof',
  'x-reserves-receipt',
])
const FUNDS = new Set(['deposit-info', 'withdrawal-info'])

/** The connections of a page: market data, and the account's own where somebody is signed in. */
export class Streams {
  readonly market: Connection
  readonly account: Connection
  readonly #business: Connection
  readonly #funds: Connection

  constructor(config: AppConfig) {
    this.market = new Connection(`${config.socket}public`)
    this.account = new Connection(`${config.socket}private`, wsToken)
    this.#business = config.strict ? new Connection(`${config.socket}business`) : this.market
    this.#funds = config.strict ? new Connection(`${config.socket}business`, wsToken) : this.account
    const hurry = () => {
      for (const each of [this.market, this.#business, ...this.#own]) each.hurry()
    }
    window.addEventListener('online', hurry)
    document.addEventListener('visibilitychange', () => document.hidden || hurry())
  }

  /** Listens to a topic on the connection that serves it. */
  subscribe(topic: Topic, listener: Listener): () => void {
    return this.#of(topic).subscribe(topic, listener)
  }

  /** Connects again after `leave`, for who listens still. */
  wake(): void {
    for (const each of this.#own) each.wake()
  }

  /** Nobody is signed in any more. */
  leave(): void {
    for (const each of this.#own) each.close()
  }

  resync(topic: Topic): void {
    this.#of(topic).resync(topic)
  }

  #of({ channel }: Topic): Connection {
    const path = pathOf(channel)
    const { market, account } = this
    return { public: market, private: account, business: this.#business, funds: this.#funds }[path]
  }

  get #own(): Set<Connection> {
    return new Set([this.account, this.#funds])
  }
}

function pathOf(channel: string): Path {
  if (PRIVATE.has(channel)) return 'private'
  if (FUNDS.has(channel)) return 'funds'
  return channel.startsWith('candle') || channel === 'trades-all' ? 'business' : 'public'
}

async function wsToken(): Promise<string> {
  const [row] = await rest.post<{ token: string }, 'x/ws-token'>('x/ws-token', {})
  return row?.token ?? ''
}

export type { LinkState }
