import { expect, test } from 'vitest'
import type { Instrument } from '~/market/instruments'
import {
  check,
  type Draft,
  type Facts,
  frozenBy,
  priced,
  shareOf,
  sizeFor,
  sizeForTotal,
  stoppedBy,
} from './draft'

const INSTRUMENT: Instrument = {
  instId: 'BTC-USDT',
  baseCcy: 'BTC',
  quoteCcy: 'USDT',
  tickSz: '0.1',
  lotSz: '0.00001',
  minSz: '0.0001',
  maxLmtSz: '500',
  maxMktSz: '100',
  maxMktAmt: '1000000',
  state: 'live',
  priceDecimals: 1,
  sizeDecimals: 5,
}
const FACTS: Facts = {
  instrument: INSTRUMENT,
  bid: '40000',
  ask: '40001',
  available: '10000',
  fees: { maker: '0.0008', taker: '0.001' },
}

function draft(over: Partial<Draft>): Draft {
  return { side: 'buy', ordType: 'limit', px: '40000', sz: '0.1', inQuote: true, ...over }
}

// Criterion: WEB-FORM-1
test('a limit order comes to its total, its fee and what is sent', () => {
  const checked = check(draft({}), FACTS)
  expect(checked.total?.toFixed()).toBe('4000')
  expect([checked.fee?.amount.toFixed(), checked.fee?.currency]).toEqual(['0.0001', 'BTC'])
  expect(checked.placement).toMatchObject({ px: '40000', sz: '0.1', side: 'buy', inQuote: false })
})

// Criterion: WEB-FORM-1
test('a post-only sell pays the maker rate in the quote currency', () => {
  const checked = check(draft({ side: 'sell', ordType: 'post_only' }), FACTS)
  expect([checked.fee?.amount.toFixed(), checked.fee?.currency]).toEqual(['3.2', 'USDT'])
})

// Criterion: WEB-FORM-1
test('a market buy by amount is sent in the quote currency and estimated at the best ask', () => {
  const checked = check(draft({ ordType: 'market', px: '', sz: '4000.1' }), FACTS)
  expect(checked.total?.toFixed()).toBe('4000.1')
  expect(checked.placement).toEqual({
    instId: 'BTC-USDT',
    side: 'buy',
    ordType: 'market',
    sz: '4000.1',
    inQuote: true,
  })
})

// Criterion: WEB-FORM-2
test.each([
  [{ px: '40000.05' }, 'px', 'form.priceStep'],
  [{ px: 'abc' }, 'px', 'form.noNumber'],
  [{ px: '0' }, 'px', 'form.positive'],
  [{ sz: '0.000001' }, 'sz', 'form.least'],
  [{ sz: '0.123456' }, 'sz', 'form.sizeStep'],
  [{ sz: '501', px: '0.1' }, 'sz', 'form.most'],
  [{ sz: '<script>' }, 'sz', 'form.noNumber'],
  [{ sz: '1' }, 'sz', 'form.insufficient'],
  [{ side: 'sell' as const, sz: '10001', px: '1' }, 'sz', 'form.most'],
])('%o is complained about at %s: %s', (over, field, key) => {
  const checked = check(draft(over as Partial<Draft>), FACTS)
  expect(checked[field as 'px' | 'sz']?.key).toBe(key)
  expect(checked.placement).toBeNull()
})

// Criterion: WEB-FORM-2
test('empty fields are no mistake, and nothing is sent', () => {
  const checked = check(draft({ px: '', sz: '' }), FACTS)
  expect([checked.px, checked.sz, checked.placement]).toEqual([null, null, null])
})

// Criterion: WEB-FORM-3
test('shares of the balance are sizes that can be sent', () => {
  expect(sizeFor(draft({}), FACTS, 1)).toBe('0.25')
  expect(sizeFor(draft({ px: '39999.9' }), FACTS, 0.5)).toBe('0.125')
  expect(sizeFor(draft({ side: 'sell' }), { ...FACTS, available: '1.2345678' }, 1)).toBe('1.23456')
  expect(sizeFor(draft({ ordType: 'market' }), FACTS, 0.25)).toBe('2500')
  expect(sizeFor(draft({ px: '' }), FACTS, 0.25)).toBe('')
})

// Criterion: WEB-FORM-3
test('where no price stands a share takes the best one, where one stands it stays', () => {
  const of = (change: Partial<Draft>) => priced(draft({ px: '', ...change }), FACTS).px
  expect([of({}), of({ side: 'sell' })]).toEqual([FACTS.bid, FACTS.ask])
  expect(of({ ordType: 'post_only' })).toBe(FACTS.bid)
  // One that is not to rest meets the other side.
  expect([of({ ordType: 'ioc' }), of({ ordType: 'fok', side: 'sell' })]).toEqual([
    FACTS.ask,
    FACTS.bid,
  ])
  expect([of({ px: '1' }), of({ ordType: 'market' })]).toEqual(['1', ''])
  expect(priced(draft({ px: '' }), { ...FACTS, bid: null }).px).toBe('')
})

// Criterion: WEB-FORM-3
test('a total gives the size, and a size its share', () => {
  expect(sizeForTotal('4,000', draft({}), FACTS)).toBe('0.1')
  const half = draft({ sz: '0.125' })
  expect(shareOf(half, FACTS, check(half, FACTS))).toBe(0.5)
})

// Criterion: WEB-FORM-4
test.each([
  ['live', 'limit', null],
  ['suspend', 'limit', 'form.state.suspend'],
  ['preopen', 'post_only', 'form.state.preopen'],
  ['post_only', 'market', 'form.state.post_only'],
  ['post_only', 'post_only', null],
] as const)('in the state %s of a pair, of the type %s is said %s', (state, ordType, said) => {
  expect(stoppedBy(state, ordType)).toBe(said)
})

// Criterion: CUST-REST-20
test('a frozen account says so before an order is sent', () => {
  expect(frozenBy(undefined)).toBeNull()
  expect(frozenBy({ frozenBy: [], debts: [] })).toBeNull()
  expect(frozenBy({ frozenBy: ['master'], debts: [] })).toBe('standing.frozenByMaster')
  expect(frozenBy({ frozenBy: ['master', 'exchange'], debts: [] })).toBe('standing.frozen')
})
