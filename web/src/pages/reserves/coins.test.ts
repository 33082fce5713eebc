import { expect, test } from 'vitest'
import { coins } from './coins'

// Criterion: WEB-NUMBERS-1
test.each([
  ['1015001300', 0, '1,015,001,300'],
  ['20205382224967577', 8, '202,053,822.24967577'],
  ['209002999905580000000001', 18, '209,002.999905580000000001'],
  [0n, 8, '0'],
])('%s of the smallest units with %d decimals are "%s"', (units, decimals, shown) => {
  expect(coins(units, decimals)).toBe(shown)
})
