/** A row of channel `orders` and of `trade/orders-pending`. */
export interface Order {
  instId: string
  ordId: string
  clOrdId: string
  side: 'buy' | 'sell'
  ordType: OrderType
  state: 'live' | 'partially_filled' | 'filled' | 'canceled'
  px: string
  sz: string
  tgtCcy: string
  accFillSz: string
  avgPx: string
  fillPx: string
  fillSz: string
  tradeId: string
  /** Why it was cancelled; '' where it was not. */
  cancelSource: string
  fee: string
  feeCcy: string
  cTime: string
  uTime: string
}

export type OrderType = 'limit' | 'market' | 'post_only' | 'ioc' | 'fok' | 'optimal_limit_ioc'

export function isOpen(order: Pick<Order, 'state'>): boolean {
  return order.state === 'live' || order.state === 'partially_filled'
}

/** Whether an order may stay in the book; others are filled or cancelled at once. */
export function mayRest(ordType: OrderType): boolean {
  return ordType === 'limit' || ordType === 'post_only'
}

/** Open orders by id, kept by a list and what changes. */
export class OpenOrders {
  #orders = new Map<string, Order>()
  #finished = new Set<string>()

  /** Takes the whole list; what finished while it was on its way stays away. */
  fill(orders: readonly Order[]): void {
    const known = this.#orders
    this.#orders = new Map()
    for (const order of orders) {
      if (this.#finished.has(order.ordId)) continue
      const newer = known.get(order.ordId)
      this.#orders.set(order.ordId, newer && isNewer(newer, order) ? newer : order)
    }
    this.#finished.clear()
  }

  apply(order: Order): void {
    const before = this.#orders.get(order.ordId)
    if (before && isNewer(before, order)) return
    if (isOpen(order)) {
      this.#orders.set(order.ordId, order)
    } else {
      this.#orders.delete(order.ordId)
      this.#finished.add(order.ordId)
    }
  }

  /** Newest first. */
  list(): Order[] {
    return [...this.#orders.values()].sort((one, other) => Number(other.cTime) - Number(one.cTime))
  }
}

function isNewer(one: Order, other: Order): boolean {
  return Number(one.uTime) > Number(other.uTime)
}
