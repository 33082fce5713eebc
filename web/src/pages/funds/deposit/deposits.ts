import { rest } from '~/api/rest'
import { type Live, useLive } from '../live'

export type DepositState = '-1' | '0' | '1' | '2' | '8' | '11' | '12' | '13' | '14'

/** A row of `asset/deposit-history` and of the channel `deposit-info`. */
export interface Deposit {
  depId: string
  ccy: string
  chain: string
  amt: string
  to: string
  state: DepositState
  ts: string
  txId: string
  /** So far. */
  actualDepBlkConfirm: string
  /** Of the block that holds it; '' while none does. */
  xHeight: string
  xBlock: string
  /** Of state 8: when deposits are expected to go on, in ms; '' where nobody can say. */
  xEstOpenTs?: string
  /** Of one under the least deposit that waits: that, and what has to come; '' of others. */
  xMinDep?: string
  xMissing?: string
  /** What was spent of it before its chain took it back, as far as it is owed; '' of others. */
  xOwed?: string
}

/** One's own deposits, live. */
export function useDeposits(): Live<Deposit> {
  return useLive('deposit-info', load, idOf)
}

const load = () => rest.get<Deposit, 'asset/deposit-history'>('asset/deposit-history')
const idOf = ({ depId }: Deposit) => depId

/** Whether its chain took it back, so that it is owed or over. */
export function isTakenBack({ state, xOwed }: Pick<Deposit, 'state' | 'xOwed'>): boolean {
  return state === '-1' || Boolean(xOwed)
}

/** Whether something holds a deposit back that does not pass by itself. */
export function isHeld({ state }: Deposit): boolean {
  return Number(state) > 10
}
