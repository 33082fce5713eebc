import { expect, test } from 'vitest'
import { chainIn, isOfNetwork, isUnwell, networkIn, pairsOf } from './windows'

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
  expect(isOfNetwork({ href: '/status?network=7' })).toBe(true)
  expect(isOfNetwork({ href: '/status?window=7' })).toBe(false)
  expect(networkIn('Maintenance of ERC20: deposits and withdrawals')).toBe('ERC20')
})

// Criterion: WEB-STATUS-UNWELL-1
test('a network whose nodes are not believed is told of while it lasts', () => {
  const href = '/status?unwell=1-1700'
  expect(isUnwell({ href, state: 'ongoing' })).toBe(true)
  expect(isUnwell({ href: '/status?network=1', state: 'ongoing' })).toBe(false)
  expect(chainIn('ERC20: deposits and withdrawals wait – our node does not answer')).toBe('ERC20')
})
