import { expect, test } from 'vitest'
import type { Line } from '../currencies'
import { amountFault, internalFault, mostOf, quotaLeft, uidFault } from './amount'

const LINE = {
  ccy: 'USDT',
  minWd: '10',
  maxWd: '5000',
  fee: '1',
  minFee: '1',
  maxFee: '1',
  wdTickSz: '6',
  wdQuota: '1000',
  usedWdQuota: '10',
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
test.each(['1000', '115000'])('nothing is left of a limit of 1,000 once %s have left', (used) => {
  const line = { ...LINE, usedWdQuota: used }
  expect(quotaLeft(line).toFixed()).toBe('0')
  const fault = { key: 'withdraw.amount.quota', values: { quota: '1,000' } }
  expect(amountFault('50', line, '100')).toEqual(fault)
})

// Criterion: WEB-FUNDS-AMOUNT-1
test('bounds have separators as amounts have everywhere', () => {
  expect(amountFault('6000', LINE, '1000')?.values).toEqual({ most: '5,000', ccy: 'USDT' })
  expect(amountFault('1500.5', LINE, '1234.5')?.values).toEqual({
    available: '1,234.5',
    fee: '1',
    ccy: 'USDT',
  })
  const known = { ccy: 'USDT', step: '0.00000001', available: '1234.00000001' }
  expect(internalFault('9999', known)?.values).toEqual({ available: '1,234.00000001', ccy: 'USDT' })
})

// Criterion: WEB-FUNDS-AMOUNT-1
test.each(['10', '99', '99.000000', '42.123456'])('%s can be sent', (text) => {
  expect(amountFault(text, LINE, '100')).toBeNull()
})

// Criterion: WEB-FUNDS-USER-1
test.each([
  ['abc', 'form.noNumber'],
  ['0.000000001', 'withdraw.amount.digits'],
  ['0', 'withdraw.user.least'],
  ['100.00000001', 'withdraw.user.lacking'],
  ['100', undefined],
  ['0.00000001', undefined],
])('of %s for another user is said: %s', (text, key) => {
  const known = { ccy: 'USDT', step: '0.00000001', available: '100' }
  expect(internalFault(text, known)?.key).toBe(key)
})

// Criterion: WEB-FUNDS-USER-1
test.each([
  ['', 'withdraw.user.uid.fault'],
  ['1234567', 'withdraw.user.uid.fault'],
  ['ada@example.com', 'withdraw.user.uid.fault'],
  ['10000007', 'withdraw.user.uid.own'],
  ['10000008', undefined],
])('of the user %s is said: %s', (text, key) => {
  expect(uidFault(text, '10000007')).toBe(key)
})
