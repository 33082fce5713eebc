/** Rows of custody and of liveness, as docs/reference/operator.md names their fields. */

export interface Tier {
  tier: string
  amt: string
  share: string
}

/** A currency on a chain. */
export interface Line {
  chain: string
  ccy: string
  network: string
  tiers: Tier[]
  amt: string
  break: string
  /** What of `break` may be rounding. */
  tolerance: string
  /** Where the last comparison found chain and ledger apart. */
  differences: { tier: string; amt: string }[]
  depositsStopped: boolean
  withdrawalsStopped: boolean
  height: string
  healthy: boolean
}

export interface Compared {
  tier: string
  ccy: string
  ledger: string
  chain: string
  lowest: string
  highest: string
  difference: string
  suspension: string
}

/** Coins of a stranger's that the ledger has not; `command` books them. */
export interface Unasked {
  tier: string
  ccy: string
  amt: string
  height: string
  txId: string
  command: string
}

/** All such coins of a tier and currency; `count` of transactions. */
export interface UnaskedSum {
  tier: string
  ccy: string
  amt: string
  count: string
  command: string
}

/** A transaction out of hot that was found after a backup was put back; it is not paid again. */
export interface PaidSince {
  txId: string
  /** Those that waited; none where it pays nothing that waits. */
  wdIds: string[]
  /** Of one that pays nothing: those that wait for another amount to the same place. */
  likelyWdIds: string[]
}

export interface Reconciliation {
  network: string
  height: string
  ts: string
  lines: Compared[]
  /** Moves by hand that the chain shows and the ledger has not yet. */
  announced: string[]
  /** Coins that strangers sent and the ledger has not. */
  unaskedSums: UnaskedSum[]
  /** The largest of each sum. */
  unasked: Unasked[]
  /** Fees of finished changes of keys that the ledger has not, each with what tells it once due. */
  uncharged: {
    tier: string
    ccy: string
    amt: string
    txId: string
    command: string
    due: boolean
  }[]
  /** Why warm and cold are not compared. */
  uncompared: string
  /** `reading`, `record` or `node`; "" of an earlier version's file. */
  uncomparedWhy: string
  /** Blocks of which it is not known what contracts sent, and their heights. */
  callsLost: { blocks: string; from: string; to: string } | null
  /** Deposits that the exchange has not taken, and its code; a final one is asked no more. */
  refused: { ccy: string; amt: string; txId: string; code: string; isFinal: boolean }[]
  /** Whether it is of now; what is not known never counts as agreeing. */
  state: 'compared' | 'unknown' | 'never'
  paidSince: { restoredTs: string; payments: PaidSince[] } | null
  /** A word, and the worker's own sentence. */
  why: string
  problem: string
  /** Of what `why` says: blocks, or a height. */
  number: string
  /** What a node said. */
  said: string
  unknownTs: string
  blocks: string
  alarm: boolean
}

/** A move between tiers by hand, as operators announced it. */
export interface Announced {
  move: string
  chain: string
  ccy: string
  source: string
  target: string
  amount: string
  feeLeast: string
  feeMost: string
  feeCcy: string
  state: 'announced' | 'seen' | 'overdue' | 'posted' | 'ended' | 'expired'
  height: string
  announcedTs: string
  expiresTs: string
  endedTs: string
  txId: string
}

/** Coins of a tier that are gone for good. */
export interface Loss {
  proposal: string
  chain: string
  ccy: string
  tier: string
  amount: string
  /** Who was to pay, what it had, and what nobody paid. */
  account: string
  paid: string
  unpaid: string
  txId: string
  ts: string
  proposer: string
  approvals: { uid: string }[]
}

/** Coins that strangers sent to a tier, as far as nobody has them. */
export interface Unallotted {
  coins: string
  chain: string
  ccy: string
  tier: string
  came: string
  /** What is left of them. */
  amt: string
  txId: string
  bookedTs: string
}

/** Whose such coins became; '' for the exchange's own. */
export interface Allotted {
  proposal: string
  chain: string
  ccy: string
  tier: string
  amt: string
  txId: string
  uid: string
  ts: string
  proposer: string
  approvals: { uid: string }[]
}

/** A payment that too few signers sign. */
export interface UnsignedPayment {
  wdId: string
  chain: string
  ccy: string
  amt: string
  /** Who is to pay; '' where coins do. */
  lane: string
  /** In the words of signers or nodes. */
  problem: string
  why: 'signers' | 'paying' | 'signed' | 'untold' | 'taken' | 'nodes'
  boundTs: string
  /** Two teams have agreed. */
  letGo: boolean
}

export interface Missing {
  person: string
  sinceTs: string
  announced: boolean
  alarm: string
}

export interface Quorum {
  quorum: string
  role: string
  threshold: string
  holders: string
  margin: string
  colour: 'green' | 'amber' | 'red' | 'black'
  /** By number, with its last answer in ms; '' for none. */
  people: { person: string; answeredTs: string }[]
  missing: Missing[]
  actions: string[]
}

export interface Unclaimed {
  depId: string
  ccy: string
  chain: string
  amt: string
  memo: string
  /** What its sender wrote as the memo, where that is nobody's. */
  written: string
  txId: string
  seenTs: string
  confirmations: string
}

/** A user's deposit that is neither credited nor kept. */
export interface UnderWay {
  depId: string
  uid: string
  ccy: string
  chain: string
  amt: string
  txId: string
  /** Who paid it, where deposits are screened. */
  senders: string[]
  confirmations: string
  creditAfter: string
  /** Whether it waits for that. */
  screening: boolean
  /** Of one under the least deposit: what has to come for it to be credited; '' of others. */
  missing: string
  seenTs: string
}

/** A deposit that is kept from its owner. */
export interface Kept {
  depId: string
  uid: string
  ccy: string
  chain: string
  amt: string
  txId: string
  senders: string[]
  /** 11, 13 or 14: kept for itself; 12: because its owner is frozen. */
  state: string
  credited: boolean
  seenTs: string
}

/** A deposit that a chain took back after it was spent. */
export interface Owed {
  depId: string
  uid: string
  ccy: string
  chain: string
  amt: string
  /** Of `amt`, what its owner still owes. */
  owed: string
  txId: string
  seenTs: string
  owedTs: string
}

/** A deposit that a user misses. */
export interface Missed {
  claimId: string
  uid: string
  kind: string
  ccy: string
  chain: string
  txId: string
  amt: string
  memo: string
  note: string
  state: string
  filedTs: string
  /** Those of the same transaction that are nobody's. */
  deposits: string[]
  /** Strangers' coins of the same transaction. */
  coins: string[]
}

/** When hot of a currency on a chain is refilled and swept. */
export interface Marked {
  chain: string
  ccy: string
  network: string
  hot: string
  free: string
  warm: string
  low: string
  target: string
  cap: string
  least: string
  most: string
  dayMost: string
  whileStopped: boolean
  short: string
  state: 'low' | 'over' | 'within'
}

/** A move between tiers. */
export interface Move {
  move: string
  chain: string
  ccy: string
  source: string
  target: string
  amt: string
  why: string
  state: string
  stage: string
  holds: string
  detail: string
  decidedTs: string
  expiresTs: string
  endedTs: string
  givenUpTs: string
  txId: string
}
