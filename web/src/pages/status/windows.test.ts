import { expect, test } from 'vitest'
import { pairsOf } from './windows'

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
