import Big from 'big.js'
import { expect, test } from 'vitest'
import {
  about,
  compact,
  decimalsOf,
  fixed,
  floorTo,
  padded,
  parsed,
  percent,
  plain,
  trimmed,
  wayOf,
} from './numbers'

// Criterion: WEB-NUMBERS-1
test.each([
  ['1234567.891', 2, '1,234,567.89'],
  ['0.00000001', 8, '0.00000001'],
  ['99999.999', 1, '99,999.9'],
  ['123456789012345678.12345678', 8, '123,456,789,012,345,678.12345678'],
])('%s with %d decimals is %s', (text, decimals, shown) => {
  expect(fixed(text, decimals)).toBe(shown)
})

// Criterion: WEB-NUMBERS-1
test('zeros at the end go, rounding is down', () => {
  expect(trimmed('1.50000000')).toBe('1.5')
  expect(trimmed('0.999999999')).toBe('0.99999999')
  expect([compact('58231819.19'), compact('58200000'), compact('7')]).toEqual([
    '58.23M',
    '58.20M',
    '7.00',
  ])
  expect([padded('41000', 1), padded('41554.123456789', 1)]).toEqual([
    '41,000.0',
    '41,554.12345678',
  ])
  expect([about('31683.346562'), about('3.16833466'), about('0.000003')]).toEqual([
    '≈ 31,683.34',
    '≈ 3.1683',
    '≈ 0.000003',
  ])
  expect([percent(0.0125), percent(-0.0367), percent(0)]).toEqual(['+1.25%', '−3.67%', '0.00%'])
  expect([percent(-0.00004), percent(0.00004)]).toEqual(['0.00%', '0.00%'])
  expect([wayOf(0.0125), wayOf(-0.0367), wayOf(-0.00004)]).toEqual(['up', 'down', ''])
})

// Criterion: WEB-NUMBERS-1
test('a minus is one sign everywhere', () => {
  expect([trimmed('-0.00000001'), fixed(-1234.5, 1), compact(-61_940_000)]).toEqual([
    '−0.00000001',
    '−1,234.5',
    '−61.94M',
  ])
})

// Criterion: WEB-NUMBERS-2
test.each([
  ['1,234.5', '1234.5'],
  [' 12 000 ', '12000'],
  ['.5', '0.5'],
  ['7.', '7'],
])('"%s" is read as %s', (typed, value) => {
  const read = parsed(typed)
  expect(read && plain(read)).toBe(value)
})

// Criterion: WEB-NUMBERS-2
test.each(['', '.', '1e9', '-1', '0x10', '1.2.3', 'NaN', '<b>1</b>', '٣', '9'.repeat(50)])(
  'nonsense "%s" is no number',
  (typed) => {
    expect(parsed(typed)).toBeNull()
  },
)

// Criterion: WEB-NUMBERS-2
test('steps', () => {
  expect(decimalsOf('0.00001')).toBe(5)
  expect(decimalsOf('1')).toBe(0)
  expect(plain(floorTo(new Big('0.123456789'), '0.00001'))).toBe('0.12345')
  expect(plain(floorTo(new Big('1999'), '500'))).toBe('1500')
})
