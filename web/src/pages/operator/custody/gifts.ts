import type { Reconciliation, Unasked } from './rows'

/** Strangers' coins to be booked at once: of one transaction, or all of a sum. */
export interface Gift extends Unasked {
  /** Of how many transactions. */
  count: number
}

/** What strangers sent, sum by sum: all of it first where there are several, then the largest. */
export function giftsOf({ unaskedSums, unasked }: Reconciliation): Gift[] {
  return unaskedSums
    .filter(({ amt }) => Number(amt) > 0)
    .flatMap((sum) => {
      const largest = unasked.filter(({ tier, ccy }) => tier === sum.tier && ccy === sum.ccy)
      const each = largest.map((one) => ({ ...one, count: 1 }))
      const count = Number(sum.count)
      return count === 1 && each.length === 1
        ? each
        : [{ ...sum, count, height: '', txId: '' }, ...each]
    })
}
