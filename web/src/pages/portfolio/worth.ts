import Big from 'big.js'
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

/** Of the value, how much the scale shows at the least: less would look like a fall or a rise. */
const LEAST_SPAN = 0.02

/** What a scale goes from and to, for values between a least and a most. */
export function spanOf(least: number, most: number): [number, number] {
  const missing = (most * LEAST_SPAN - (most - least)) / 2
  return missing > 0 ? [least - missing, most + missing] : [least, most]
}

/** From the first money on: what was before says nothing. One point alone becomes a level line. */
export function sinceFunded(points: Worth[]): Worth[] {
  const first = points.findIndex(({ value }) => value > 0)
  if (first < 0) return points
  const [point, before] = [points[first], points[first - 1]]
  if (first < points.length - 1 || !point || !before) return points.slice(first)
  return [{ ...point, ts: before.ts }, point]
}

/** When the first money came, or -Infinity where something was held before all these bills. */
export function fundedAt(held: ReadonlyMap<string, string>, bills: readonly Bill[]): number {
  const before = new Map([...held].map(([ccy, amount]) => [ccy, new Big(amount)]))
  for (const { ccy, balChg } of bills) {
    before.set(ccy, (before.get(ccy) ?? new Big(0)).minus(balChg))
  }
  // To the last digit: by a float something would always be left of nothing.
  if ([...before.values()].some((amount) => !amount.eq(0))) return Number.NEGATIVE_INFINITY
  return Math.min(...bills.map(({ ts }) => Number(ts)))
}
