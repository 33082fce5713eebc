import { expect, test } from 'vitest'
import { isOfNetwork, networkIn, pairsOf } from './windows'

// Criterion: WEB-STATUS-WINDOW-1
test('pairs are read from a title, and that it names not all of them', () => {
  expect(pairsOf('Maintenance of BTC-USDT, ETH-BTC')).toEqual({
    pairs: ['BTC-USDT', 'ETH-BTC'],
    isMore: false,
  })
  expect(pairsOf('Maintenance of 1INCH-USDT and others')).toEqual({
    pairs: ['1INCH-USDT'],
    isMore: true,
  })
})

// Criterion: WEB-STATUS-WINDOW-2
test('a window of a network is told by its address, and the network by the title', () => {
  expect(isOfNetwork({ href: '/api/v5/system/status?network=7' })).toBe(true)
  expect(isOfNetwork({ href: '/api/v5/system/status?window=7' })).toBe(false)
  expect(networkIn('Maintenance of ERC20: deposits and withdrawals')).toBe('ERC20')
})
