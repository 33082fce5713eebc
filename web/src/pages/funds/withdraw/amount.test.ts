import { expect, test } from 'vitest'
import type { Line } from '../currencies'
import { amountFault, mostOf } from './amount'

const LINE = {
  ccy: 'USDT',
  minWd: '10',
  maxWd: '5000',
  minFee: '1',
  wdTickSz: '6',
} as Line

// Criterion: WEB-FUNDS-AMOUNT-1
test.each([
  ['100', '99'],
  ['11', '10'],
  ['10.5', '0'],
  ['0', '0'],
  ['9000', '5000'],
  ['100.12345678', '99.123456'],
])('of %s at most %s can be withdrawn', (available, most) => {
  expect(mostOf(LINE, available)).toBe(most)
})

// Criterion: WEB-FUNDS-AMOUNT-1
test.each([
  ['abc', 'form.noNumber'],
  ['', 'form.noNumber'],
  ['-5', 'form.noNumber'],
  ['10.1234567', 'withdraw.amount.digits'],
  ['9.99', 'withdraw.amount.least'],
  ['5,000.01', 'withdraw.amount.most'],
  ['99.5', 'withdraw.amount.lacking'],
])('%s is refused with a sentence before it is sent', (text, key) => {
  expect(amountFault(text, LINE, '100')?.key).toBe(key)
})

// Criterion: WEB-FUNDS-AMOUNT-1
test.each(['10', '99', '99.000000', '42.123456'])('%s can be sent', (text) => {
  expect(amountFault(text, LINE, '100')).toBeNull()
})
