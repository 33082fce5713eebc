import { expect, test } from 'vitest'
import { breaks, coinsText, percent, worthShowing } from './numbers'
import type { Compared, Reconciliation } from './rows'

// Criterion: WEB-OP-CUST-1
test('only what differs is a break', () => {
  const line = (difference: string) => ({ difference }) as Compared
  expect(breaks([line('0'), line('-9'), line('0.00000001')]).map((one) => one.difference)).toEqual([
    '-9',
    '0.00000001',
  ])
})

test('what there is nothing of is left out, and a break stands first', () => {
  const line = (tier: string, ledger: string, chain: string, difference = '0') =>
    ({ tier, ledger, chain, difference }) as Compared
  const lines = [line('warm', '0', '0'), line('hot', '5', '5'), line('cold', '0', '0', '-1')]
  expect(worthShowing(lines).map(({ tier }) => tier)).toEqual(['cold', 'hot'])
})

test('coins on chains are summed by currency without rounding', () => {
  const lines = (...rows: [string, string][]) => ({
    lines: rows.map(([ccy, chain]) => ({ ccy, chain }) as Compared),
  })
  const networks = [lines(['BTC', '0.1'], ['ETH', '0']), lines(['BTC', '1000.00000002'])]
  expect(coinsText(networks as Reconciliation[])).toBe('BTC:1000.10000002')
})

test('a share is a percentage, and nothing of nothing', () => {
  expect([percent('0.0512'), percent('1.0000'), percent('')]).toEqual(['5.1%', '100.0%', ''])
})
