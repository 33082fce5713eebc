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
): Promise<Checked[]>
export function decimal(units: bigint, decimals: number): string
