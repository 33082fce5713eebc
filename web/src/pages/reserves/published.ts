import { useQuery } from '@tanstack/react-query'

/** A row of a statement's `assets`; amounts are in units of 10^-decimals. */
export interface AssetRow {
  symbol: string
  decimals: number
  claims: string
  house: string
  users: string
  reserves: string
  shortfall: string
  ratio: string
}

export interface Statement {
  epoch: number
  ts: number
  expires: number
  exchange: string
  reserves: {
    read: number
    evidence: string
    chains: { name: string; height: number; block: string; signed: number }[]
  }
  assets: AssetRow[]
}

export interface Point {
  ts: number
  epoch: number
  ratios: Record<string, string>
}

export interface Place {
  address: string
  tier: string
  amounts: Record<string, string>
}

export interface ChainEvidence {
  name: string
  coin: { symbol: string; decimals: number }
  tokens: { symbol: string; decimals: number }[]
  places: Place[]
}

const EVERY_MS = 5_000

/** A published file as text: what is checked is what was sent, byte for byte. */
export async function textOf(path: string): Promise<string> {
  const answer = await fetch(path, { headers: { accept: 'application/json' } })
  if (!answer.ok) throw new Error(`${answer.status}`)
  return answer.text()
}

export const LATEST = '/por/latest.json'
export const PROOF = '/api/v5/x/reserves/proof'

export const evidencePath = (statement: Statement) =>
  `/por/evidence/${statement.reserves.evidence}.json`

/** The newest statement; undefined while it is not known, null where none was made. */
export function useStatement(): Statement | null | undefined {
  const { data, error } = useQuery({
    queryKey: ['reserves', 'latest'],
    queryFn: async () => (JSON.parse(await textOf(LATEST)) as { statement: Statement }).statement,
    refetchInterval: EVERY_MS,
    retry: false,
  })
  return data ?? (error ? null : undefined)
}

export function useHistory(epoch: number | undefined): Point[] {
  const { data } = useQuery({
    queryKey: ['reserves', 'history', epoch],
    queryFn: async () =>
      (JSON.parse(await textOf('/por/history.json')) as { points: Point[] }).points,
    enabled: epoch !== undefined,
    placeholderData: (before) => before,
  })
  return data ?? []
}

export function useEvidence(statement: Statement | null | undefined): ChainEvidence[] {
  const name = statement?.reserves.evidence
  const { data } = useQuery({
    queryKey: ['reserves', 'evidence', name],
    queryFn: async () =>
      (JSON.parse(await textOf(`/por/evidence/${name}.json`)) as { chains: ChainEvidence[] })
        .chains,
    enabled: Boolean(name),
    placeholderData: (before) => before,
  })
  return data ?? []
}

/** Whether a statement's reserves cover what users are owed, of every asset. */
export function isCovered(statement: Statement): boolean {
  return statement.assets.every((one) => BigInt(one.reserves) >= BigInt(one.users))
}

/** The lowest ratio of all assets; null where nothing is owed. */
export function lowest(ratios: readonly string[]): number | null {
  const known = ratios.filter(Boolean).map(Number)
  return known.length ? Math.min(...known) : null
}
