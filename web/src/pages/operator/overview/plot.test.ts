import { expect, test } from 'vitest'
import { bytesText, countText, microsText, pathOf, rateText, topOf } from './plot'
import { joined } from './series'

const BOX = { width: 100, height: 10, end: 10_000, spanMs: 10_000, top: 10 }

// Criterion: WEB-OP-PLOT-1
test('a line goes from left to right and breaks where there is nothing', () => {
  const points = [
    { ts: 0, value: 0 },
    { ts: 1_000, value: 5 },
    { ts: 2_000, value: null },
    { ts: 3_000, value: 20 },
    { ts: 9_000, value: 10 },
  ]
  expect(pathOf(points, BOX)).toBe('M0.0 10.0h0.5L10.0 5.0M30.0 0.0h0.5M90.0 0.0h0.5')
})

// Criterion: WEB-OP-PLOT-1
test.each([
  [[], 1],
  [[0, null], 1],
  [[3], 5],
  [[10, 7], 10],
  [[1_001], 2_000],
])('the scale of %j ends at %d', (values, top) => {
  expect(topOf(values)).toBe(top)
})

// Criterion: WEB-OP-PLOT-1
test('the scale of bytes ends at a round number of them', () => {
  expect([topOf([0], true), topOf([130 * 1024 ** 2], true)]).toEqual([1, 256 * 1024 ** 2])
})

// Criterion: WEB-OP-PLOT-1
test('quantities are shown in units people read', () => {
  expect([0, 1023, 1024, 157_286_400, 5 * 1024 ** 4].map(bytesText)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '150 MiB',
    '5.0 TiB',
  ])
  expect([7, 999, 1_500, 250_000, 2_000_000].map(microsText)).toEqual([
    '7 µs',
    '999 µs',
    '1.5 ms',
    '250 ms',
    '2.0 s',
  ])
})

// Criterion: WEB-OP-PLOT-1
test('samples are joined once each and old ones go', () => {
  const at = (ts: number) => ({ ts: String(ts) }) as never
  expect(joined([at(0), at(1_000)], [at(1_000), at(2_000)])).toHaveLength(3)
  expect(joined([at(0), at(1_000)], [at(601_000)])).toEqual([at(1_000), at(601_000)])
})

// Criterion: WEB-OP-PLOT-1
test('what is counted has no decimals, and a rate one where it is rare', () => {
  expect([countText(20), countText(1_204)]).toEqual(['20', '1,204'])
  expect([rateText(0.25), rateText(9), rateText(71.4), rateText(12_345.6)]).toEqual([
    '0.2',
    '9',
    '71',
    '12,345',
  ])
})
