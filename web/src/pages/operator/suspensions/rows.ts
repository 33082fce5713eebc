/** Rows of `x/operator/suspending`, as docs/reference/operator.md names their fields. */

export interface Voice {
  uid: string
  ts: string
}

export interface Stop {
  suspension: string
  state: string
  title: Record<'en' | 'ru' | 'zh', string>
  reason: string
  actions: string[]
  level: string
  chain: string
  ccy: string
  key: string
  mode: string
  capUsd: string
  capAmt: string
  estOpenTs: string
  isLate: boolean
  beginTs: string
  endTs: string
  trigger: string
  incident: string
  ratified: boolean
  ratifyByTs: string
  isOverdue: boolean
  uid: string
  approvals: Voice[]
  planner: string
  plannedTs: string
  /** The newest evidence, which a sign-off names. */
  shown: string
  signOffUids: Voice[]
}

export interface Figure {
  chain: string
  ccy: string
  have: string
  need: string
  ratio: string
}

export interface Gate {
  gate: string
  name: string
  state: string
  digest: string
  ts: string
  /** Until when a gate in the state `waiting` waits; '' else. */
  passesTs: string
  figures: Figure[]
}

export interface Evidence {
  gate: string
  digest: string
  uid: string
  ts: string
  sequence: string
  passed: boolean
  count: string
  figures: Figure[]
}

/** A gate's newest evidence itself: `record` is JSON, which the digest is of. */
export interface Kept {
  gate: string
  record: string
  document: string
  public: boolean
}

/** What a reading of the queue found: how many waited who had asked before `upTo`. */
export interface Reading {
  count: string
  /** Of owners of whom nothing is paid. */
  stopped: string
  upTo: string
  ts: string
  untilTs: string
}

export interface Waiting {
  chain: string
  ccy: string
  count: string
  amt: string
  oldest: string
}

export interface DrainLine {
  chain: string
  ccy: string
  ticks: string
  paid: string
  paidAmt: string
  waiting: string
  maxWaitTicks: string
  digest: string
}

export interface Drain {
  commitment: string
  queueDigest: string
  seed: string
  intervalMs: string
  smallUsd: string
  lines: DrainLine[]
}

/** A line of a suspension's scope: what waits there, and its budget of a tick. */
export interface BudgetLine {
  /** USDT-ERC20 */
  chain: string
  ccy: string
  decimals: string
  count: string
  amt: string
  usd: string
  hot: string
  /** Planned, or proposed while nothing is. */
  budget: string
  transactions: string
}

export interface Canary {
  network: string
  wdId: string
  state: string
  waitsForPeople: boolean
}

export interface WholeStop extends Stop {
  history: { state: string; ts: string }[]
  gates: Gate[]
  signOffsNeeded: string
  maxWaitTicks: string
  queue: Waiting[]
  drain: Drain
  reportDigest: string
  flows: { ccy: string; grossIn: string; grossOut: string; netOut: string }[]
  evidence: Evidence[]
  kept: Kept[]
  /** The newest that gate 5 may be shown of; none where it is long ago. */
  screening: Reading[]
  canaries: Canary[]
  budgets: { chain: string; amt: string; transactions: string }[]
  lines: BudgetLine[]
  note: string
}
