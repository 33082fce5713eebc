/** Rows of `x/operator/policy`, as docs/reference/operator.md names their fields. */

export type Verb = 'allow' | 'approve' | 'block'

/** A rule as it is sent; what is left out asks nothing. */
export interface Rule {
  number: number
  verb: Verb
  group?: number
  needed?: number
  initiators?: number[]
  sources?: number[]
  networks?: number[]
  assets?: number[]
  categories?: string[]
  leastAgeMs?: number
  mostUsd?: number
  velocityUsd?: number
  windowMs?: number
  mostShare?: number
  webhook?: string
}

/** The table of risk scores; without groups where there is none. */
export interface RiskTable {
  points: Record<string, number>
  bounds: Record<string, number>
  thresholds: Record<string, number>
}

export interface Change {
  change: string
  /** None of a change of the table. */
  rules: Rule[]
  risk: RiskTable | Record<string, never>
  proposer: string
  ts: string
  tightens: boolean
  /** Whether it tightens, but takes several: they took back what its proposer tightened alone. */
  contested: boolean
  /** Whether it takes back what one alone tightened. */
  returns: boolean
  agreed: string[]
  holdsTs: string
  over: boolean
  /** The change whose coming into force closed this one; '' for none. */
  supersededBy: string
}

export interface Policy {
  version: string
  rules: Rule[]
  changes: Change[]
  head: string
  risk: RiskTable | Record<string, never>
}

export function hasTable(risk: RiskTable | Record<string, never>): risk is RiskTable {
  return 'points' in risk
}

export interface Replay {
  lookedAt: string
  /** Verbs; of a change of the table outcomes of the score, and no rule. */
  differs: { wdId: string; before: string; after: string; rule: string }[]
  replay: string
  /** Whether the table has another window than that by which the sums are known. */
  isWindowOther: boolean
}

/** The risk score of a withdrawal; '' where it was not scored. */
export interface Risk {
  score: string
  /** What the score asks for: pass, step_up, delay or review. */
  outcome: string
  /** What was asked for before and has been done. */
  met: string
  reasons: { reason: string; points: string }[]
  untilTs: string
}

/** Approvals that a decision wants of a group, and who of those that approved stands for it. */
export interface Want {
  group: string
  needed: string
  approvals: string[]
}

export interface Decision {
  wdId: string
  uid: string
  usd: string
  state: string
  verb: Verb
  rule: string
  needed: string
  approvals: string[]
  /** Of the rule's group first; then of the reviewers, where a review wants them beside it. */
  wants: Want[]
  trace: { rule: string; failed: string }[]
  concerns: string[]
  risk: Risk
  version: string
  ts: string
  digest: string
}
