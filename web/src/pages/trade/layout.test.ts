import { expect, test } from 'vitest'
import { DEFAULT, readLayout, resized, swapped } from './layout'

// Criterion: WEB-LAYOUT-1
test('two panels change places, all others stay', () => {
  const layout = swapped(DEFAULT, 'chart', 'form')
  expect(layout.places).toEqual({ ...DEFAULT.places, main: 'form', side: 'chart' })
  expect(swapped(layout, 'form', 'chart')).toEqual(DEFAULT)
})

// Criterion: WEB-LAYOUT-1
test('sizes stay within their bounds', () => {
  expect(resized(DEFAULT, 'middle', 5000).middle).toBe(480)
  expect(resized(DEFAULT, 'bottom', -3).bottom).toBe(12)
})

// Criterion: WEB-LAYOUT-1
test.each([
  null,
  'nonsense',
  '{}',
  JSON.stringify({ ...DEFAULT, places: { ...DEFAULT.places, main: 'book' } }),
  JSON.stringify({ ...DEFAULT, middle: null }),
])('a kept layout that is not whole (%s) is not used', (text) => {
  expect(readLayout(text)).toEqual(DEFAULT)
})

// Criterion: WEB-LAYOUT-1
test('a kept layout is used', () => {
  const layout = swapped(DEFAULT, 'book', 'orders')
  expect(readLayout(JSON.stringify(layout))).toEqual(layout)
})
