import { expect, test } from 'vitest'
import {
  areRight,
  budgetsOf,
  changed,
  faultsOf,
  isOverHot,
  offered,
  ticksOf,
  totalsOf,
  withTyped,
} from './budgets'
import type { BudgetLine } from './rows'

const LINES: BudgetLine[] = [
  {
    chain: 'BTC-Bitcoin',
    ccy: 'BTC',
    decimals: '8',
    count: '3',
    amt: '12.6',
    usd: '756000',
    hot: '20',
    budget: '12.6',
    transactions: '3',
  },
  {
    chain: 'USDT-ERC20',
    ccy: 'USDT',
    decimals: '6',
    count: '5',
    amt: '500',
    usd: '500.25',
    hot: '100',
    budget: '100',
    transactions: '2',
  },
  {
    chain: 'XRP-Memo',
    ccy: 'XRP',
    decimals: '6',
    count: '0',
    amt: '0',
    usd: '0',
    hot: '90',
    budget: '9',
    transactions: '10',
  },
]

// Criterion: WEB-OP-SUS-4
test('what is offered is sent as it stands, and a change is of its line alone', () => {
  const text = offered(LINES)
  expect(text).toBe('BTC-Bitcoin:12.6:3,USDT-ERC20:100:2,XRP-Memo:9:10')
  expect(changed(text, 'USDT-ERC20', { amount: ' 1,250.5' })).toBe(
    'BTC-Bitcoin:12.6:3,USDT-ERC20:1250.5:2,XRP-Memo:9:10',
  )
  expect(changed('A-B:1:2', 'A-B', { transactions: '7:' })).toBe('A-B:1:7')
  expect(budgetsOf(text).get('XRP-Memo')).toEqual({ amount: '9', transactions: '10' })
})

// Criterion: WEB-OP-SUS-4
test('an amount is above 0 with no more decimals than its currency, counts are whole', () => {
  const amounts = ['0.00000001', '0', '', 'ten', '-1', '0.000000001']
  expect(
    amounts.map((amount) => faultsOf({ decimals: '8' }, { amount, transactions: '1' }).amount),
  ).toEqual([undefined, 'number', 'number', 'number', 'number', 'decimals'])
  const counts = ['1', '1000000', '0', '1.5', '', '1000001', '2.']
  expect(
    counts.map(
      (transactions) => faultsOf({ decimals: '8' }, { amount: '1', transactions }).transactions,
    ),
  ).toEqual([undefined, undefined, 'whole', 'whole', 'whole', 'whole', 'whole'])
  expect(areRight(LINES, offered(LINES))).toBe(true)
  expect(areRight(LINES, changed(offered(LINES), 'XRP-Memo', { amount: '' }))).toBe(false)
  expect(areRight(LINES, 'BTC-Bitcoin:1:1')).toBe(false)
})

// Criterion: WEB-OP-SUS-4
test('a queue takes as long as its amount or its count, and all as long as the slowest', () => {
  expect(LINES.map(ticksOf)).toEqual([1, 5, 0])
  expect(totalsOf(LINES)).toEqual({ count: 8, usd: '756500.25', transactions: 15, ticks: 5 })
  const typed = withTyped(LINES, changed(offered(LINES), 'BTC-Bitcoin', { amount: '0.5' }))
  expect(typed.map(ticksOf)).toEqual([26, 5, 0])
  expect(withTyped(LINES, changed(offered(LINES), 'BTC-Bitcoin', { amount: '0' }))).toEqual(LINES)
  expect(totalsOf([]).ticks).toBe(0)
})

test('more than hot holds now is told apart', () => {
  expect(['100', '100.000001'].map((budget) => isOverHot({ budget, hot: '100' }))).toEqual([
    false,
    true,
  ])
})
