import type { Risk } from '../policy/rows'

/** Rows of `x/operator/withdrawals`, as docs/reference/operator.md names their fields. */

export interface Withdrawal {
  wdId: string
  uid: string
  ccy: string
  chain: string
  amt: string
  fee: string
  usd: string
  queue: string
  state: string
  byApi: boolean
  requestedTs: string
  changedTs: string
  policy: string
  risk: Risk
  /** Whether a drain may pay it in parts; then what was asked for, and sent of it. */
  allowSplit: boolean
  askedAmt: string
  paidAmt: string
  /** The withdrawal that it is a part of; '' of none. */
  parentWdId: string
  tranches: string[]
}

export interface WholeWithdrawal extends Withdrawal {
  to: string
  toSinceTs: string
  txId: string
}

export interface Queue {
  queue: string
  count: string
  usd: string
  oldestTs: string
}

/** What was sent of what was asked for, of one that may be paid in parts; '' of others. */
export function sentOf(row: Withdrawal, amount: (text: string) => string): string {
  return row.allowSplit ? `${amount(row.paidAmt)} / ${amount(row.askedAmt)} ${row.ccy}` : ''
}

/** What it was worth in USD; '' where there was no price. */
export function worth(usd: string): string {
  return Number(usd) ? usd : ''
}
