import { useQuery } from '@tanstack/react-query'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'
import { exchangeNow, useAhead } from '~/api/time'
import { allBills } from '~/pages/orders/bills'
import type { Balances } from '~/trading/account'
import { fundedAt, heldAt, pricesAt, sinceFunded, type Worth } from './worth'

/** How far back the value is shown, and in which bars. */
export const RANGES = {
  '1D': { bar: '15m', stepMs: 15 * 60_000, points: 96 },
  '1W': { bar: '1H', stepMs: 3_600_000, points: 168 },
  '1M': { bar: '4H', stepMs: 4 * 3_600_000, points: 180 },
  '3M': { bar: '1Dutc', stepMs: 86_400_000, points: 90 },
} as const

export type RangeName = keyof typeof RANGES

export interface Steps {
  bar: '1m' | (typeof RANGES)[RangeName]['bar']
  stepMs: number
  points: number
}

/** For an account of today: an hour and a half of minutes. */
const MINUTES: Steps = { bar: '1m', stepMs: 60_000, points: 90 }

/** The steps of a range, or finer ones where those reach back to the first money already. */
export function stepsOf(range: RangeName, ageMs: number): Steps {
  const finer = [MINUTES, ...Object.values(RANGES)]
  const fits = (each: Steps) => each.stepMs * (each.points - 1) >= ageMs
  const chosen = RANGES[range]
  return finer.find((each) => fits(each) && each.stepMs < chosen.stepMs) ?? chosen
}

const DOLLAR = 'USDT'
const BILL_PAGES = 10
const FRESH_MS = 60_000

/** The trading account's value over time: balances by its bills, at the prices of the time. */
export function useWorth(range: RangeName, balances: Balances | null, pairs: ReadonlySet<string>) {
  const session = useSession()
  const isTimeKnown = useAhead() !== undefined
  return useQuery({
    queryKey: ['past', session?.uid, 'worth', range],
    enabled: Boolean(session && balances && pairs.size > 0 && isTimeKnown),
    staleTime: FRESH_MS,
    queryFn: () => worthOf(range, balances ?? new Map(), pairs),
  })
}

async function worthOf(
  range: RangeName,
  balances: Balances,
  pairs: ReadonlySet<string>,
): Promise<Worth[]> {
  const now = exchangeNow()
  const whole = RANGES[range]
  const begin = now - (whole.points - 1) * whole.stepMs
  const bills = await allBills({ begin: String(begin) }, BILL_PAGES)
  const held = new Map([...balances].map(([ccy, { cashBal }]) => [ccy, cashBal || '0']))
  const funded = fundedAt(held, bills)
  const steps = stepsOf(range, now - funded)
  const { stepMs, points } = steps
  const times = Array.from({ length: points }, (_, index) => now - (points - 1 - index) * stepMs)
  const currencies = new Set([...balances.keys(), ...bills.map(({ ccy }) => ccy)])
  const values = new Array<number>(points).fill(0)
  for (const ccy of currencies) {
    const of = bills.filter((bill) => bill.ccy === ccy)
    const amounts = heldAt(Number(held.get(ccy) ?? 0), of, times)
    if (amounts.every((amount) => amount === 0)) continue
    const prices = await pricesOf(ccy, steps, pairs, times)
    for (const [index, amount] of amounts.entries()) {
      values[index] = (values[index] ?? 0) + amount * (prices[index] ?? 0)
    }
  }
  const worth = (ts: number, index: number) => (ts < funded ? 0 : (values[index] ?? 0))
  return sinceFunded(times.map((ts, index) => ({ ts, value: worth(ts, index) })))
}

async function pricesOf(
  ccy: string,
  { bar, points }: Steps,
  pairs: ReadonlySet<string>,
  times: readonly number[],
): Promise<number[]> {
  if (ccy === DOLLAR) return times.map(() => 1)
  const instId = `${ccy}-${DOLLAR}`
  if (!pairs.has(instId)) return times.map(() => 0)
  const params = { instId, bar, limit: points }
  const rows = await rest.get<string[], 'market/candles'>('market/candles', params)
  return pricesAt(rows.map((row) => [Number(row[0]), Number(row[4])] as const).reverse(), times)
}
