import type { DelistingTerms, MaintenanceTerms, Plan } from './plans'

const DAY_MS = 86_400_000
const DEPOSITS_BEFORE_MS = 7 * DAY_MS
const WITHDRAWALS_AFTER_MS = 90 * DAY_MS
/** Days before withdrawals end at which holders are written to. */
const NOTICE_DAYS = [60, 30, 7, 1]

export type Allowed = 'yes' | 'no' | 'postOnly' | 'gone' | 'wait'

/** What users can do from a moment on; `fromMs` 0 is from now. */
export interface Phase {
  id:
    | 'before'
    | 'closed'
    | 'preopen'
    | 'open'
    | 'noDeposits'
    | 'noTrading'
    | 'ended'
    | 'netClosed'
    | 'netPreopen'
    | 'netOpen'
  fromMs: number
  orders: Allowed
  cancels: Allowed
  deposits: Allowed
  withdrawals: Allowed
}

const ALL = { orders: 'yes', cancels: 'yes', deposits: 'yes', withdrawals: 'yes' } as const

/** A window of maintenance as users meet it; nothing while its times are not all there. */
export function maintenancePhases(terms: MaintenanceTerms): Phase[] {
  const [begin, end] = [Number(terms.beginTs), Number(terms.endTs)]
  const preopen = Number(terms.preopenTs) || end
  if (!begin || !end) return []
  const phases: Phase[] = [
    { id: 'before', fromMs: 0, ...ALL },
    { id: 'closed', fromMs: begin, ...ALL, orders: 'no', cancels: 'no' },
  ]
  if (preopen < end) phases.push({ id: 'preopen', fromMs: preopen, ...ALL, orders: 'postOnly' })
  return [...phases, { id: 'open', fromMs: end, ...ALL }]
}

/** A window of a network as its users meet it; nothing while its times are not all there. */
export function networkPhases(terms: MaintenanceTerms): Phase[] {
  const [begin, end] = [Number(terms.beginTs), Number(terms.endTs)]
  const preopen = Number(terms.preopenTs) || end
  if (!begin || !end) return []
  const phases: Phase[] = [
    { id: 'before', fromMs: 0, ...ALL },
    { id: 'netClosed', fromMs: begin, ...ALL, deposits: 'wait', withdrawals: 'wait' },
  ]
  if (preopen < end) phases.push({ id: 'netPreopen', fromMs: preopen, ...ALL, withdrawals: 'wait' })
  return [...phases, { id: 'netOpen', fromMs: end, ...ALL }]
}

/** What users can do in each phase of a plan. */
export function phasesOf(plan: Plan): Phase[] {
  if (plan.kind === 'maintenance') return maintenancePhases(plan)
  return plan.kind === 'network' ? networkPhases(plan) : delistingPhases(plan)
}

/** A delisting with the times that the exchange takes where none are given. */
export function withUsualTimes(terms: DelistingTerms): DelistingTerms {
  const trading = Number(terms.tradingTs)
  if (!trading) return terms
  return {
    depositsTs: terms.depositsTs || String(trading - DEPOSITS_BEFORE_MS),
    tradingTs: terms.tradingTs,
    withdrawalsTs: terms.withdrawalsTs || String(trading + WITHDRAWALS_AFTER_MS),
  }
}

/** A delisting as users meet it; nothing while its times are not all there. */
export function delistingPhases(terms: DelistingTerms): Phase[] {
  const { depositsTs, tradingTs, withdrawalsTs } = terms
  if (!tradingTs || !depositsTs || !withdrawalsTs) return []
  const noOrders = { ...ALL, deposits: 'no', orders: 'no', cancels: 'gone' } as const
  return [
    { id: 'before', fromMs: 0, ...ALL },
    { id: 'noDeposits', fromMs: Number(depositsTs), ...ALL, deposits: 'no' },
    { id: 'noTrading', fromMs: Number(tradingTs), ...noOrders },
    { id: 'ended', fromMs: Number(withdrawalsTs), ...noOrders, withdrawals: 'no' },
  ]
}

/** The phase that a moment is in. */
export function phaseAt(phases: readonly Phase[], nowMs: number): Phase | undefined {
  return phases.findLast(({ fromMs }) => fromMs <= nowMs)
}

/** When holders of what is delisted are written to; what should have been is written at once. */
export function noticesMs(withdrawalsTs: string, nowMs: number): number[] {
  const end = Number(withdrawalsTs)
  return NOTICE_DAYS.map((days) => Math.max(nowMs, end - days * DAY_MS))
}
