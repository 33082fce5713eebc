import { expect, test } from 'vitest'
import type { Bill } from '~/pages/orders/bills'
import { stepsOf } from './history'
import { fundedAt, heldAt, pricesAt, sinceFunded, spanOf } from './worth'

const bill = (ts: number, balChg: string) => ({ ts: String(ts), balChg }) as Bill

// Criterion: WEB-WORTH-1
test('balances of the past are what is left when later bills are undone', () => {
  const bills = [bill(30, '-2'), bill(10, '5'), bill(20, '1')]
  expect(heldAt(4, bills, [5, 10, 15, 20, 30, 40])).toEqual([0, 5, 5, 6, 4, 4])
})

// Criterion: WEB-WORTH-1
test('prices are the last that were known', () => {
  const closes = [
    [10, 100],
    [20, 110],
  ] as const
  expect(pricesAt(closes, [5, 10, 19, 20, 99])).toEqual([100, 100, 100, 110, 110])
  expect(pricesAt([], [1])).toEqual([0])
})

// Criterion: WEB-WORTH-1
test('the plot begins with the first money, and has two points', () => {
  const of = (...values: number[]) => values.map((value, ts) => ({ ts, value }))
  expect(sinceFunded(of(0, 0, 5, 6, 0))).toEqual(of(0, 0, 5, 6, 0).slice(2))
  expect(sinceFunded(of(0, 0, 5))).toEqual(of(0, 5, 5).slice(1))
  expect(sinceFunded(of(0, 0))).toEqual(of(0, 0))
})

// Criterion: WEB-WORTH-1
test('an account that is younger than the range is shown in finer steps', () => {
  const MINUTE = 60_000
  expect(stepsOf('1W', 12 * MINUTE).bar).toBe('1m')
  expect(stepsOf('1W', 20 * 60 * MINUTE).bar).toBe('15m')
  expect(stepsOf('3M', 48 * 60 * MINUTE).bar).toBe('1H')
  expect(stepsOf('1D', 20 * 60 * MINUTE).bar).toBe('15m')
  expect(stepsOf('1W', Number.POSITIVE_INFINITY).bar).toBe('1H')
})

// Criterion: WEB-WORTH-1
test('the first money came with the oldest bill, unless something was held before', () => {
  const bills = [
    { ...bill(20, '3'), ccy: 'BTC' },
    { ...bill(10, '5'), ccy: 'USDT' },
  ]
  const held = (...pairs: [string, string][]) => new Map(pairs)
  expect(fundedAt(held(['BTC', '3'], ['USDT', '5']), bills)).toBe(10)
  expect(fundedAt(held(['BTC', '3'], ['USDT', '6']), bills)).toBe(Number.NEGATIVE_INFINITY)
  expect(fundedAt(held(['BTC', '3'], ['USDT', '5'], ['ETH', '1']), bills)).toBe(
    Number.NEGATIVE_INFINITY,
  )
  // By floats 3.6e-12 of these would be left.
  const spent = ['-9000', '-1499.810816', '25000'].map((balChg, step) => ({
    ...bill(40 - step * 10, balChg),
    ccy: 'USDT',
  }))
  expect(fundedAt(held(['USDT', '14500.189184']), spent)).toBe(20)
})

// Criterion: WEB-WORTH-1
test('a change of a few hundredths of a percent is no fall from top to bottom', () => {
  const [from, to] = spanOf(49_990, 50_000)
  expect(to - from).toBeCloseTo(1_000)
  expect((from + to) / 2).toBeCloseTo(49_995)
  expect(spanOf(40_000, 50_000)).toEqual([40_000, 50_000])
  expect(spanOf(0, 0)).toEqual([0, 0])
})
