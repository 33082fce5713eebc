/** What does not hold, in one sentence. */
export class Refused extends Error {}

export type Step = 'signature' | 'log' | 'totals' | 'leaf' | 'history' | 'receipts' | 'evidence'

export interface CheckedAsset {
  symbol: string
  decimals: number
  users: bigint
  reserves: bigint
  shortfall: bigint
}

export interface CheckedLeaf {
  account: string
  epoch: number
  claims: bigint[]
  steps: number
}

export interface Checked {
  statement: { epoch: number; ts: number; expires: number }
  exchange: string
  assets: CheckedAsset[]
  leaf: CheckedLeaf | null
  logged: { size: number; root: string }
}

export function checkFiles(
  contents: string[],
  key?: string,
  say?: (step: Step) => void,
  now?: number | null,
): Promise<Checked[]>
export function decimal(units: bigint, decimals: number): string

/** What a statement says of an asset; amounts are in units of 10^-decimals. */
export interface StatedAsset {
  symbol: string
  decimals: number
  users: bigint
  reserves: bigint
  leaving: bigint
  young: bigint
  /** Issued by the exchange itself: since version 3 it covers claims on itself alone. */
  own: boolean
  /** Own, in a statement of version 2: none of it counts. */
  uncounted: boolean
  /** The newest statement that took it for the other kind, own token or not; 0: none did. */
  reclassified: number
  /** Why it is not covered, in a sentence; empty where it is, or where nothing covers it. */
  lack: string
}

/** Older signatures count, and are told. */
export const SIGNED_OLD_MS: number
export function coverOf(statement: object): StatedAsset[]
export function faultOf(statement: object): string

/** Statements that are dated further ahead of the reader's clock are refused. */
export const CLOCK_BEHIND_MAX_MS: number

/** A token that counts on a chain. */
export interface StatedContract {
  network: number
  chain: string
  symbol: string
  contract: string
  decimals: number
  /** The newest statement that counted another contract; 0: none did. */
  changed: number
}
export function contractsOf(statement: object): StatedContract[]
/** In how many ms all chains were read, if that is told. */
export function spreadOf(statement: object): number | null
