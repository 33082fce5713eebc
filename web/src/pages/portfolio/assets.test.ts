import { expect, test } from 'vitest'
import type { Balance, Balances } from '~/trading/account'
import { assetsOf } from './assets'

const PRICES = new Map([
  ['LTC-USDT', '129.29'],
  ['ATOM-USDT', ''],
  ['ATOM-USDC', '4'],
])

function funded(ccy: string, bal: string) {
  return { ccy, bal, availBal: bal, frozenBal: '0' }
}

// Criterion: WEB-FLOW-17
test('what lies in the funding account alone is worth what asset-valuation says', () => {
  const funding = [funded('LTC', '5'), funded('ATOM', '2'), funded('USDC', '7'), funded('FRT', '9')]
  const found = assetsOf(new Map(), funding, PRICES)
  const worth = found.map((one) => [one.ccy, one.worth])
  expect(worth).toEqual([
    ['LTC', 646.4499999999999],
    ['ATOM', 8],
    ['USDC', 7],
    ['FRT', 0],
  ])
})

// Criterion: WEB-FLOW-17
test('what lies in both accounts goes by the price of the trading account', () => {
  const balance = { cashBal: '1', eqUsd: '130', ordFrozen: '0' } as Balance
  const balances: Balances = new Map([['LTC', balance]])
  expect(assetsOf(balances, [funded('LTC', '1')], PRICES)[0]?.worth).toBe(260)
})
