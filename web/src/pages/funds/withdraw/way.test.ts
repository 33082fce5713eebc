import { expect, test } from 'vitest'
import { turned, wayOf } from './way'

// Criterion: WEB-FUNDS-WAY-1
test('the currency stays while the way changes', () => {
  const there = turned('user', { ccy: 'USDT', chain: 'USDT-ERC20' })
  expect(there).toEqual({ ccy: 'USDT', chain: 'USDT-ERC20', to: 'user' })
  expect(wayOf(there)).toBe('user')
  expect(turned('chain', there)).toEqual({ ccy: 'USDT', chain: 'USDT-ERC20' })
  expect(turned('chain', {})).toEqual({})
})
