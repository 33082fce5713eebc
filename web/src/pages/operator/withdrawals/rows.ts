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

/** What it was worth in USD; '' where there was no price. */
export function worth(usd: string): string {
  return Number(usd) ? usd : ''
}
