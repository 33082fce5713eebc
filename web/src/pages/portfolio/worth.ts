import type { Bill } from '~/pages/orders/bills'

/** What was held of a currency at some moments, oldest first, found by undoing bills. */
export function heldAt(now: number, bills: readonly Bill[], times: readonly number[]): number[] {
  const newestFirst = bills.toSorted((one, other) => Number(other.ts) - Number(one.ts))
  const held = new Array<number>(times.length)
  let balance = now
  let next = 0
  for (let at = times.length - 1; at >= 0; at -= 1) {
    const time = times[at] as number
    for (let bill = newestFirst[next]; bill && Number(bill.ts) > time; bill = newestFirst[next]) {
      balance -= Number(bill.balChg)
      next += 1
    }
    // What a float leaves of nothing.
    held[at] = Math.abs(balance) < 1e-12 ? 0 : balance
  }
  return held
}

/** The price at each moment: that of the last one known then; the first known before that. */
export function pricesAt(
  closes: readonly (readonly [number, number])[],
  times: readonly number[],
): number[] {
  let at = 0
  return times.map((time) => {
    while (at + 1 < closes.length && (closes[at + 1] as readonly [number, number])[0] <= time)
      at += 1
    return closes[at]?.[1] ?? 0
  })
}

export interface Worth {
  ts: number
  value: number
}

/** From the first money on: what was before says nothing, unless one point alone comes after. */
export function sinceFunded(points: Worth[]): Worth[] {
  const first = points.findIndex(({ value }) => value > 0)
  if (first < 0) return points
  return points.slice(Math.min(first, Math.max(0, points.length - 2)))
}
