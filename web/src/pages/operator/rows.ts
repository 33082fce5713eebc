/** Rows of `x/operator/…`, as docs/reference/operator.md names their fields. */

export interface Projection {
  name: string
  sequence: string
  lag: string
}

/** One second of the exchange; all texts, '' for what there was none of. */
export interface Sample {
  ts: string
  commandsPerS: string
  requestsPerS: string
  errorsPerS: string
  refusalsPerS: string
  orderP50Us: string
  orderP95Us: string
  orderP99Us: string
  journalLag: string
  recordsLag: string
  marketLag: string
  memoryBytes: string
  coreBytes: string
  diskFreeBytes: string
  dataBytes: string
  restConnections: string
  wsConnections: string
}

export interface Overview extends Sample {
  state: string
  setUp: boolean
  sequence: string
  durable: string
  exchangeTs: string
  queued: string
  openOrders: string
  finishedTotal: string
  refused: string
  haltedAt: string
  projections: Projection[]
  childRestarts: string
  openProposals: string
  /** Withdrawals that cannot be vetted. */
  unvetted: { wdId: string; problem: string; times: string }[]
  /** Networks whose payments cannot be planned. */
  unpaid: { network: string; problem: string; why: string; sinceTs: string }[]
  /** Networks with payments that too few signers sign. */
  unsigned: { network: string; payments: string; problem: string; sinceTs: string }[]
  /** Tokens that lanes of the hot wallet may not send; `able` others of it can. */
  halted: { chain: string; lanes: string[]; able: string; sinceTs: string }[]
  /** Of signers and who asks them over TLS; those that are due end within 60 days. */
  certificates: { name: string; endsTs: string; due: boolean }[]
  /** Networks with moves that wait for who pays their gas. */
  gasShort: { network: string; problem: string }[]
  /** Fees of finished changes of keys that the ledger has not, each with what tells it. */
  charges: { network: string; tier: string; ccy: string; amt: string; command: string }[]
  /** What owners of Safes announced to their guards, and from when it counts. */
  announcements: {
    network: string
    tier: string
    safe: string
    what: string
    address: string
    ccy: string
    amt: string
    fromTs: string
  }[]
  startedTs: string
}

export interface Tick {
  fromPx: string
  tickSz: string
}

export interface Instrument {
  instId: string
  number: string
  state: string
  baseCcy: string
  quoteCcy: string
  ticks: Tick[]
  lotSz: string
  minSz: string
  maxLmtSz: string
  maxMktSz: string
  maxMktAmt: string
  maxPx: string
  band: string
  last: string
  lowestPx: string
  highestPx: string
  listedTs: string
}

export interface FeeTier {
  tier: string
  maker: string
  taker: string
}

export interface Parameter {
  parameter: string
  value: string
}

export interface Suspension {
  suspension: string
  actions: string[]
  level: string
  key: string
}

export interface User {
  uid: string
  mainUid: string
  email: string
  label: string
  createdTs: string
  closed: boolean
  flags: string[]
  roles: string[]
  subAccounts: string
}

export interface Key {
  apiKey: string
  label: string
  perm: string
  ip: string
  createdTs: string
  usedTs: string
  endsTs: string
}

export interface UserSession {
  id: string
  ip: string
  agent: string
  createdTs: string
  usedTs: string
  endsTs: string
}

export interface OpenOrder {
  instId: string
  ordId: string
  clOrdId: string
  side: string
  ordType: string
  px: string
  sz: string
  accFillSz: string
  createdTs: string
}

export interface WholeUser extends User {
  tier: string
  kyc: string
  segment: string
  totp: boolean
  keysOff: boolean
  subs: User[]
  keys: Key[]
  sessions: UserSession[]
  balances: Account[]
  openOrders: OpenOrder[]
}

/** A balance of the ledger; `account` is a code of the chart. */
export interface Account {
  account: string
  meaning: string
  instance: string
  ccy: string
  balance: string
  hold: string
  updatedTs: string
}

export interface LedgerBill {
  billId: string
  sequence: string
  ts: string
  account: string
  instance: string
  ccy: string
  type: string
  change: string
  balance: string
  fee: string
  instId: string
  ordId: string
  tradeId: string
  px: string
  sz: string
  otherUid: string
}

export interface Posting {
  uid: string
  account: string
  ccy: string
  change: string
  balance?: string
}

export type Fields = Record<string, unknown>

export interface Command {
  sequence: string
  ts: string
  command: string
  fields: Fields
  events: { event: string; fields: Fields }[]
  postings: Posting[]
}

export interface Journal {
  first: string
  sequence: string
  durable: string
  snapshots: string[]
  quarantined: string[]
}

export interface JournalRow {
  sequence: string
  count: string
  ts: string
  epoch: string
  wireVersion: string
  hash: string
  commands: { sequence: string; command: string; fields: Fields }[]
}

export interface Replay {
  state: 'running' | 'done' | 'failed'
  target: string
  from: string
  reached: string
  startedTs: string
  endedTs: string
  components: { name: string; hash: string }[]
  snapshots: { sequence: string; equal: boolean; differs: string[] }[]
  message: string
}

export interface Shortage {
  uid: string
  account: string
  ccy: string
  missing: string
}

export interface Proposal {
  proposal: string
  kind: string
  state: string
  terms: Fields
  proposer: string
  createdTs: string
  expiresTs: string
  beneficiaries: string[]
  approvals: { uid: string; ts: string }[]
  needed: string
  code: string
  message: string
  shortages: Shortage[]
  closedTs: string
  closedBy: string
  carriedOut: string
}

export interface WholeProposal extends Proposal {
  note: string
  closingNote: string
  mayApprove: string
  /** Of those whose word counts, while it is open. */
  voices: Voice[]
  postings: Posting[]
}

/** `mayApprove` is '', or the code that would refuse the approval. */
export interface Voice {
  uid: string
  mayApprove: string
}

export interface Member {
  uid: string
  email: string
  roles: string[]
  totp: boolean
  passkey: boolean
  member: boolean
  enabled: boolean
  team: string
}

export interface Operators {
  setUp: boolean
  group: string
  threshold: string
  enabled: string
  /** Whether as many were ever made as spare one: nothing is reopened before. */
  founded: boolean
  /** How many may be away for ever while all can still be decided. */
  spare: string
  spareAdmins: string
  members: Member[]
}

export interface AuditEntry {
  entry: string
  ts: string
  actor: string
  actorEmail: string
  ip: string
  agent: string
  action: string
  subject: string
  result: string
  code: string
  terms: Record<string, string>
  note: string
  hash: string
}

export interface AuditChain {
  entries: string
  whole: boolean
  brokenAt: string
}
