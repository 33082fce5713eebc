import { expect, test } from 'vitest'
import { turned, wayOf } from './way'
import { isHeld } from './withdrawals'

// Criterion: WEB-FUNDS-WAY-1
test('the currency stays while the way changes', () => {
  const there = turned('user', { ccy: 'USDT', chain: 'USDT-ERC20' })
  expect(there).toEqual({ ccy: 'USDT', chain: 'USDT-ERC20', to: 'user' })
  expect(wayOf(there)).toBe('user')
  expect(turned('chain', there)).toEqual({ ccy: 'USDT', chain: 'USDT-ERC20' })
  expect(turned('chain', {})).toEqual({})
})

// Criterion: WEB-STATUS-LATE-1
test('a moment that has passed is none to wait for', () => {
  const held = ['', '1000', '1001'].map((xUntilTs) => isHeld({ xUntilTs }, 1000))
  expect(held).toEqual([false, false, true])
})
