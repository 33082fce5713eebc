import Big from 'big.js'
import { parsed } from '~/market/numbers'
import type { BudgetLine } from './rows'

/** What of a line is paid in one tick, as it was typed. */
export interface Budget {
  amount: string
  transactions: string
}

type Budgets = ReadonlyMap<string, Budget>

const MOST_TRANSACTIONS = 1_000_000

/** Budgets of lines as the exchange takes them: BTC-Bitcoin:10:50,USDT-ERC20:500:2. */
export function textOf(budgets: Budgets): string {
  return [...budgets]
    .map(([chain, { amount, transactions }]) => `${chain}:${amount}:${transactions}`)
    .join(',')
}

export function budgetsOf(text: string): Budgets {
  const parts = text.split(',').map((part) => part.split(':'))
  return new Map(
    parts.map(([chain = '', amount = '', transactions = '']) => [chain, { amount, transactions }]),
  )
}

/** As a plan has them, or as they are proposed. */
export function offered(lines: readonly BudgetLine[]): string {
  const each = lines.map(
    ({ chain, budget, transactions }) => [chain, { amount: budget, transactions }] as const,
  )
  return textOf(new Map(each))
}

/** With what was typed for a line; what the text is put together with is no part of a number. */
export function changed(text: string, chain: string, typed: Partial<Budget>): string {
  const before = budgetsOf(text)
  const one = { ...(before.get(chain) ?? { amount: '', transactions: '' }), ...typed }
  const bare = (number: string) => number.replace(/[\s,:]/g, '')
  const next = { amount: bare(one.amount), transactions: bare(one.transactions) }
  return textOf(new Map([...before, [chain, next]]))
}

/** What is wrong with a line's budget. */
export interface BudgetFaults {
  amount?: 'number' | 'decimals'
  transactions?: 'whole'
}

export function faultsOf(line: Pick<BudgetLine, 'decimals'>, budget: Budget): BudgetFaults {
  const amount = parsed(budget.amount)
  const transactions = parsed(budget.transactions)
  const found: BudgetFaults = {}
  if (!amount?.gt(0)) found.amount = 'number'
  else if (!amount.round(Number(line.decimals)).eq(amount)) found.amount = 'decimals'
  const isWhole = transactions?.gte(1) && transactions.lte(MOST_TRANSACTIONS)
  if (!isWhole || budget.transactions.includes('.')) found.transactions = 'whole'
  return found
}

export function areRight(lines: readonly BudgetLine[], text: string): boolean {
  const budgets = budgetsOf(text)
  return lines.every((line) => {
    const budget = budgets.get(line.chain)
    return budget !== undefined && Object.keys(faultsOf(line, budget)).length === 0
  })
}

/** With the budgets that were typed, as far as they are right. */
export function withTyped(lines: readonly BudgetLine[], text: string): BudgetLine[] {
  const budgets = budgetsOf(text)
  return lines.map((line) => {
    const budget = budgets.get(line.chain)
    if (!budget || Object.keys(faultsOf(line, budget)).length > 0) return line
    return { ...line, budget: budget.amount, transactions: budget.transactions }
  })
}

/** Whether a tick may pay more than hot holds now: the rest waits until hot is refilled. */
export function isOverHot({ budget, hot }: Pick<BudgetLine, 'budget' | 'hot'>): boolean {
  return new Big(budget).gt(hot)
}

/** In how many ticks a line's queue is paid at the soonest. */
export function ticksOf({ count, amt, budget, transactions }: BudgetLine): number {
  if (count === '0') return 0
  const byAmount = new Big(amt).div(budget).round(0, Big.roundUp)
  const byCount = new Big(count).div(transactions).round(0, Big.roundUp)
  return Number(byAmount.gt(byCount) ? byAmount : byCount)
}

export interface Totals {
  count: number
  usd: string
  transactions: number
  /** Of the line that takes longest. */
  ticks: number
}

export function totalsOf(lines: readonly BudgetLine[]): Totals {
  const waiting = lines.filter(({ count }) => count !== '0')
  return {
    count: waiting.reduce((sum, { count }) => sum + Number(count), 0),
    usd: waiting.reduce((sum, { usd }) => sum.plus(usd), new Big(0)).toFixed(),
    transactions: lines.reduce((sum, line) => sum + Number(line.transactions), 0),
    ticks: Math.max(0, ...waiting.map(ticksOf)),
  }
}
