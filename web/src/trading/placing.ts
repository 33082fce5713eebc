import { Refusal } from '~/api/refusal'
import { rest } from '~/api/rest'
import type { Order, OrderType } from './orders'

/** What a form asks for; sizes in the base currency unless `inQuote`. */
export interface Placement {
  instId: string
  side: 'buy' | 'sell'
  ordType: OrderType
  sz: string
  px?: string
  inQuote?: boolean
}

interface Placed {
  ordId: string
  clOrdId: string
}

const DUPLICATE = '51016'

/**
 * Places orders so that one intention is one order: while a placement is under way the next is
 * ignored, and one whose answer was lost is repeated under the same `clOrdId`, which the exchange
 * takes once.
 */
export class Placing {
  #isBusy = false
  #unsure: { about: string; clOrdId: string } | null = null

  /** The order's row; null where a placement is under way already; Refusal. */
  async place(placement: Placement): Promise<Placed | null> {
    if (this.#isBusy) return null
    this.#isBusy = true
    const about = JSON.stringify(placement)
    const isAgain = this.#unsure?.about === about
    const clOrdId = isAgain && this.#unsure ? this.#unsure.clOrdId : newId()
    this.#unsure = { about, clOrdId }
    try {
      const [row] = await rest.post<Placed, 'trade/order'>(
        'trade/order',
        bodyOf(placement, clOrdId),
      )
      this.#unsure = null
      return row ?? null
    } catch (problem) {
      const isRefusal = problem instanceof Refusal
      if (isRefusal && isAgain && problem.code === DUPLICATE) {
        // The first attempt got through after all.
        this.#unsure = null
        return { ordId: '', clOrdId }
      }
      if (isRefusal && !problem.isPassing) this.#unsure = null
      throw problem
    } finally {
      this.#isBusy = false
    }
  }
}

function bodyOf({ instId, side, ordType, sz, px, inQuote }: Placement, clOrdId: string) {
  const isMarket = ordType === 'market'
  return {
    instId,
    tdMode: 'cash' as const,
    side,
    ordType,
    sz,
    clOrdId,
    ...(px && !isMarket ? { px } : {}),
    ...(isMarket ? { tgtCcy: inQuote ? ('quote_ccy' as const) : ('base_ccy' as const) } : {}),
  }
}

/** 24 letters and digits; as good as never the same twice. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(11))
  return `w${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

export async function cancel({ instId, ordId }: Pick<Order, 'instId' | 'ordId'>): Promise<void> {
  await rest.post('trade/cancel-order', { instId, ordId })
}

export async function cancelAll(instId?: string): Promise<void> {
  await rest.post('x/cancel-all', instId ? { instId } : {})
}

/** Changes price or size of an open order; Refusal. */
export async function amend(
  { instId, ordId }: Pick<Order, 'instId' | 'ordId'>,
  change: { newPx?: string; newSz?: string },
): Promise<void> {
  await rest.post('trade/amend-order', { instId, ordId, ...change })
}
