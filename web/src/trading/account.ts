import { rest } from '~/api/rest'
import { Feed } from '~/market/feed'
import type { Streams } from '~/stream/streams'
import { OpenOrders, type Order } from './orders'
import { persistent } from './persistent'

/** What the trading account holds of a currency. */
export interface Balance {
  ccy: string
  /** All of it. */
  cashBal: string
  /** What no order holds. */
  availBal: string
  ordFrozen: string
  eqUsd: string
}

export type Balances = ReadonlyMap<string, Balance>

/** Balances of the trading account by currency. */
class BalancesFeed extends Feed<Balances | null> {
  #known = new Map<string, Balance>()

  constructor(private readonly streams: Streams) {
    super(null)
  }

  protected start(): () => void {
    return this.streams.subscribe(
      { channel: 'account' },
      {
        onPush: ({ data }) => {
          const details = (data as { details: Balance[] }[]).flatMap((row) => row.details)
          for (const balance of details) this.#known.set(balance.ccy, balance)
          this.setSoon(() => new Map(this.#known))
        },
      },
    )
  }
}

export interface OrdersState {
  orders: Order[]
  /** Whether the list is complete and current. */
  isWhole: boolean
}

const PAGE = 100
const PAGES_MOST = 10

/** Open orders; each change is told to `onChange` listeners too, for notices. */
class OrdersFeed extends Feed<OrdersState> {
  #open = new OpenOrders()
  #isWhole = false
  #listeners = new Set<(order: Order) => void>()
  #fills = 0

  constructor(private readonly streams: Streams) {
    super({ orders: [], isWhole: false })
  }

  /** Calls for every pushed change of an order; returns how to end it. */
  onChange(listener: (order: Order) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  protected start(): () => void {
    const leave = this.streams.subscribe(
      { channel: 'orders', instType: 'SPOT' },
      {
        onReset: () => {
          this.#isWhole = false
          this.#show()
          void this.#fill()
        },
        onPush: ({ data }) => {
          for (const order of data as Order[]) {
            this.#open.apply(order)
            for (const listener of this.#listeners) listener(order)
          }
          this.#show()
        },
      },
    )
    return () => {
      this.#fills += 1
      leave()
    }
  }

  async #fill(): Promise<void> {
    this.#fills += 1
    const fill = this.#fills
    const orders = await persistent(pendingOrders, () => fill === this.#fills)
    if (orders === null || fill !== this.#fills) return
    this.#open.fill(orders)
    this.#isWhole = true
    this.#show()
  }

  #show(): void {
    this.setSoon(() => ({ orders: this.#open.list(), isWhole: this.#isWhole }))
  }
}

/** The live feeds of one user. */
export class Account {
  readonly balances: BalancesFeed
  readonly orders: OrdersFeed

  constructor(streams: Streams) {
    this.balances = new BalancesFeed(streams)
    this.orders = new OrdersFeed(streams)
  }
}

async function pendingOrders(): Promise<Order[]> {
  const all: Order[] = []
  for (let page = 0; page < PAGES_MOST; page += 1) {
    const after = all.at(-1)?.ordId
    const rows = await rest.get<Order, 'trade/orders-pending'>('trade/orders-pending', {
      instType: 'SPOT',
      limit: PAGE,
      ...(after ? { after } : {}),
    })
    all.push(...rows)
    if (rows.length < PAGE) break
  }
  return all
}
