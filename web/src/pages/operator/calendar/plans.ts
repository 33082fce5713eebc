/** Rows of `x/operator/calendar`, as docs/reference/operator.md names their fields. */

export interface MaintenanceTerms {
  beginTs: string
  preopenTs: string
  endTs: string
}

export interface DelistingTerms {
  depositsTs: string
  tradingTs: string
  withdrawalsTs: string
}

export interface Window extends MaintenanceTerms {
  plan: string
  kind: 'maintenance'
  state: 'planned' | 'closed' | 'preopen' | 'over' | 'called_off'
  instIds: string[]
}

export interface Delisting extends DelistingTerms {
  plan: string
  kind: 'delisting'
  state: 'planned' | 'going' | 'over' | 'called_off'
  ccy: string
  depositsStopped: boolean
  /** Pairs that are gone. */
  instIds: string[]
  notices: { days: string; ts: string }[]
}

/** A window in which deposits and withdrawals on a network wait. */
export interface NetworkWindow extends MaintenanceTerms {
  plan: string
  kind: 'network'
  state: Window['state']
  chain: string
}

export type Plan = Window | NetworkWindow | Delisting

/** Whether nothing more comes of a plan. */
export function isOver({ state }: Plan): boolean {
  return state === 'over' || state === 'called_off'
}

/** Whether a plan has not begun: then it can be called off. */
export function isAhead({ state }: Plan): boolean {
  return state === 'planned'
}
