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

export interface Change {
  change: string
  rules: Rule[]
  proposer: string
  ts: string
  tightens: boolean
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
}

export interface Replay {
  lookedAt: string
  differs: { wdId: string; before: Verb; after: Verb; rule: string }[]
  replay: string
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

export interface Decision {
  wdId: string
  uid: string
  usd: string
  state: string
  verb: Verb
  rule: string
  needed: string
  approvals: string[]
  trace: { rule: string; failed: string }[]
  concerns: string[]
  risk: Risk
  version: string
  ts: string
  digest: string
}
