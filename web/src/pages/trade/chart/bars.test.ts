import { expect, test } from 'vitest'
import { BARS, wireName } from './bars'
import { INDICATORS } from './indicators'

// Criterion: WEB-CHART-1
test('long bars begin at midnight UTC, and at that of Beijing for who lives by it', () => {
  expect(['1s', '5m', '4H', '6H', '1D', '1M'].map((bar) => wireName(bar, 0))).toEqual([
    '1s',
    '5m',
    '4H',
    '6Hutc',
    '1Dutc',
    '1Mutc',
  ])
  expect(wireName('1D', -480)).toBe('1D')
  expect(BARS.length).toBe(21)
})

const bars = Array.from({ length: 120 }, (_, index) => {
  const close = 100 + Math.sin(index / 5) * 10
  return { ts: index, open: close - 1, high: close + 2, low: close - 2, close, volume: 10 }
})

// Criterion: WEB-CHART-2
test.each(INDICATORS)('$name has a value or nothing at each bar, and values at the end', (one) => {
  const lines = one.lines(bars)
  expect(lines.length).toBeGreaterThan(0)
  for (const { values } of lines) {
    expect(values.length).toBe(bars.length)
    expect(Number.isFinite(values.at(-1))).toBe(true)
  }
})

// Criterion: WEB-CHART-2
test('a moving average is the mean of its closes', () => {
  const [seven] = INDICATORS.find(({ id }) => id === 'ma')?.lines(bars) ?? []
  const last = bars.slice(-7).map(({ close }) => close)
  expect(seven?.values.at(-1)).toBeCloseTo(last.reduce((sum, value) => sum + value) / 7)
  expect(seven?.values[5]).toBeNull()
})
