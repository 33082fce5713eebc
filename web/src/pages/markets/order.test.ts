import { expect, test } from 'vitest'
import type { Ticker } from '~/market/feeds'
import type { Instrument } from '~/market/instruments'
import { busiestOf, changeOf, merged } from './order'

const ticker = (instId: string, last: string, volCcy24h: string) =>
  ({ instId, last, volCcy24h }) as Ticker

const pairs = ['AAA-USDT', 'BTC-USDT', 'ETH-BTC'].map(
  (instId) => ({ instId, quoteCcy: instId.split('-')[1] }) as Instrument,
)

// Criterion: WEB-MARKETS-1
test('no pair is the busiest before it is known what was traded', () => {
  expect(busiestOf(pairs, new Map())).toBeUndefined()
  expect(busiestOf(pairs, merged([ticker('AAA-USDT', '1', '0')], []))).toBeUndefined()
})

// Criterion: WEB-MARKETS-1
test('the busiest is the one with the largest volume in one currency', () => {
  const first = [ticker('AAA-USDT', '1', '90'), ticker('BTC-USDT', '50', '20')]
  expect(busiestOf(pairs, merged(first, []))?.instId).toBe('AAA-USDT')
  const more = [...first, ticker('ETH-BTC', '0.1', '3')]
  expect(busiestOf(pairs, merged(more, []))?.instId).toBe('ETH-BTC')
})

// Criterion: WEB-MARKETS-1
test('a feed that is heard takes the place of its own first ticker alone', () => {
  const first = [ticker('AAA-USDT', '1', '90'), ticker('BTC-USDT', '50', '20')]
  const both = merged(first, [ticker('AAA-USDT', '2', '91')])
  expect([both.get('AAA-USDT')?.last, both.get('BTC-USDT')?.last]).toEqual(['2', '50'])
})

// Criterion: WEB-MARKETS-1
test('a day that the exchange does not know yet did not move by 0%', () => {
  expect(changeOf({ last: '5', open24h: '' })).toBeNull()
  expect(changeOf({ last: '', open24h: '5' })).toBeNull()
  expect(changeOf({ last: '5', open24h: '5' })).toBe(0)
})
