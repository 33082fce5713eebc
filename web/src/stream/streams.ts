import type { AppConfig } from '~/api/config'
import { rest } from '~/api/rest'
import { Connection, type LinkState, type Listener, type Topic } from './connection'

type Path = 'public' | 'private' | 'business'

const PRIVATE = new Set(['account', 'balance_and_position', 'orders', 'fills'])

/** The connections of a page: market data, and the account's own where somebody is signed in. */
export class Streams {
  readonly market: Connection
  readonly account: Connection
  readonly #business: Connection

  constructor(config: AppConfig) {
    this.market = new Connection(`${config.socket}public`)
    this.account = new Connection(`${config.socket}private`, wsToken)
    this.#business = config.strict ? new Connection(`${config.socket}business`) : this.market
    const hurry = () => {
      for (const each of [this.market, this.account, this.#business]) each.hurry()
    }
    window.addEventListener('online', hurry)
    document.addEventListener('visibilitychange', () => document.hidden || hurry())
  }

  /** Listens to a topic on the connection that serves it. */
  subscribe(topic: Topic, listener: Listener): () => void {
    return this.#of(topic).subscribe(topic, listener)
  }

  resync(topic: Topic): void {
    this.#of(topic).resync(topic)
  }

  #of({ channel }: Topic): Connection {
    const path = pathOf(channel)
    return { public: this.market, private: this.account, business: this.#business }[path]
  }
}

function pathOf(channel: string): Path {
  if (PRIVATE.has(channel)) return 'private'
  return channel.startsWith('candle') || channel === 'trades-all' ? 'business' : 'public'
}

async function wsToken(): Promise<string> {
  const [row] = await rest.post<{ token: string }, 'x/ws-token'>('x/ws-token', {})
  return row?.token ?? ''
}

export type { LinkState }
