import { expect, test } from 'vitest'
import { outwards, settled } from './transfer'

// Criterion: WEB-TRANSFER-1
test('it goes from where there is something, once both accounts are known', () => {
  expect([outwards(null, '5'), outwards('0', null)]).toEqual([null, null])
  expect([outwards('0', '5'), outwards('1', '5'), outwards('0', '0')]).toEqual([true, false, false])
})

// Criterion: WEB-TRANSFER-1
test('what arrives later turns nothing around', () => {
  const way = settled(null, 'BTC', outwards('0', '5'), false)
  expect(way).toEqual({ ccy: 'BTC', isOut: true })
  expect(settled(way, 'BTC', outwards('3', '5'), true)).toBe(way)
  expect(settled(way, 'ETH', outwards('3', '5'), false)).toEqual({ ccy: 'ETH', isOut: false })
})

// Criterion: WEB-TRANSFER-1
test('typing before the accounts are known settles the way that is shown', () => {
  expect(settled(null, 'BTC', null, false)).toBeNull()
  const way = settled(null, 'BTC', null, true)
  expect(settled(way, 'BTC', outwards('0', '5'), true)).toEqual({ ccy: 'BTC', isOut: false })
})
