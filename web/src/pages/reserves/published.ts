import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useLink, useServices } from '~/app/services'
import {
  CLOCK_BEHIND_MAX_MS,
  contractsOf,
  coverOf,
  faultOf,
  SIGNED_OLD_MS,
  type StatedAsset,
  type StatedContract,
  spreadOf,
} from '~/reserves/verifier'

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
  /** Paid by a block and still owed, as it is not final; statements say it since version 2. */
  leaving?: string
  /** There all through the day before an earlier statement, where cover rests on that. */
  was?: string
  /** 1: issued by the exchange itself; it covers itself alone, in version 2 not even that. */
  own?: number
  /** Of the reserves, what is at deposit addresses that are published only lately. */
  young?: string
  /** The lowest of so many days. */
  lowest?: Record<'1' | '7' | '30', { ratio: string; reserves: string }>
}

export interface Statement {
  v: number
  epoch: number
  ts: number
  expires: number
  exchange: string
  reserves: {
    read: number
    evidence: string
    /** `time` is the block's own; statements say it since it is held against theirs. */
    chains: { name: string; height: number; block: string; signed: number; time?: number }[]
  }
  assets: AssetRow[]
  /** The statement of before payments that cover rests on. */
  before?: { epoch: number }
  /** Networks of which nothing is shown. */
  unshown?: { name: string; why: string }[]
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

/** How often published files are looked at while nothing is pushed. */
const EVERY_MS = 10_000

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

/** A published epoch. */
export const statementPath = (epoch: number) => `/por/epochs/${epoch}.json`

const NEWEST = ['reserves', 'latest']

/**
 * The newest statement, as each is pushed; from the published files where nothing is. Undefined
 * while it is not known, null where none was made.
 */
export function useStatement(): Statement | null | undefined {
  const { streams } = useServices()
  const client = useQueryClient()
  const isLive = useLink(streams.market).kind === 'live'
  const { data, error } = useQuery({
    queryKey: NEWEST,
    queryFn: async () => {
      const { statement } = JSON.parse(await textOf(LATEST)) as { statement: Statement }
      return newer(client.getQueryData<Statement>(NEWEST), statement)
    },
    refetchInterval: isLive ? false : EVERY_MS,
    retry: false,
  })
  useEffect(
    () =>
      streams.subscribe(
        { channel: 'x-reserves' },
        {
          onPush: ({ data: rows }) => {
            const { statement } = rows.at(-1) as { statement: Statement }
            client.setQueryData<Statement>(NEWEST, (known) => newer(known, statement))
          },
        },
      ),
    [streams, client],
  )
  return data ?? (error ? null : undefined)
}

function newer(known: Statement | undefined, statement: Statement): Statement {
  return known && known.epoch > statement.epoch ? known : statement
}

/** One's own bundles, as they are pushed: `onBundle` gets each as JSON. */
export function useBundles(uid: string, onBundle: (text: string) => void): void {
  const { streams } = useServices()
  useEffect(() => {
    if (!uid) return
    return streams.subscribe(
      { channel: 'x-reserves-proof' },
      { onPush: ({ data }) => onBundle(JSON.stringify(data.at(-1))) },
    )
  }, [streams, uid, onBundle])
}

/** One's own signed balances, as they are pushed when they changed. */
export function useBalances(uid: string, onReceipt: (text: string) => void): void {
  const { streams } = useServices()
  useEffect(() => {
    if (!uid) return
    return streams.subscribe(
      { channel: 'x-reserves-receipt' },
      { onPush: ({ data }) => onReceipt(JSON.stringify(data.at(-1))) },
    )
  }, [streams, uid, onReceipt])
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

/** What the exchange issues itself and owes: nothing covers it, or it covers itself alone. */
export function owedOwn({ assets, v }: Statement): { bare: string[]; inKind: string[] } {
  const own = assets.filter((one) => one.own && BigInt(one.users) > 0n).map(({ symbol }) => symbol)
  return v === 2 ? { bare: own, inKind: [] } : { bare: [], inKind: own }
}

/** Why verifiers would refuse the statement by itself, in a sentence; empty: they would not. */
export function faultIn(statement: Statement): string {
  try {
    return faultOf(statement)
  } catch (problem) {
    return String(problem)
  }
}

/** Its assets as the verifiers read them, by symbol; none where they cannot be read. */
export function coverIn(statement: Statement): Map<string, StatedAsset> {
  try {
    return new Map(coverOf(statement).map((one) => [one.symbol, one]))
  } catch {
    return new Map()
  }
}

/** The tokens that it counts, by contract; none where it does not name them. */
export function contractsIn(statement: Statement): StatedContract[] {
  try {
    return contractsOf(statement)
  } catch {
    return []
  }
}

/** In how many ms its chains were read; null where there is but one, or it does not say. */
export function spreadIn(statement: Statement): number | null {
  try {
    return statement.reserves.chains.length > 1 ? spreadOf(statement) : null
  } catch {
    return null
  }
}

/** Whether a statement is of now, of earlier, or dated ahead so that it looks new. */
export function dateOf({ ts, expires }: Statement, now: number): 'now' | 'old' | 'ahead' {
  if (ts > now + CLOCK_BEHIND_MAX_MS) return 'ahead'
  return now > expires ? 'old' : 'now'
}

/** Times of the oldest signature and of the oldest block of its reserves, if they are told. */
export function oldest({ ts, reserves: { chains } }: Statement) {
  const signed = chains.length ? Math.min(...chains.map((one) => one.signed)) : undefined
  const blocks = chains.flatMap(({ time }) => (time === undefined ? [] : [time]))
  const block = blocks.length ? Math.min(...blocks) : undefined
  return { signed, block, isSignedLately: signed === undefined || ts - signed <= SIGNED_OLD_MS }
}

/** Whether it is covered only with what is said to be on its way, which nobody can check here. */
export const restsOnLeaving = ({ uncounted, lack, reserves, users }: StatedAsset) =>
  !uncounted && !lack && reserves < users

/** The lowest ratio of each asset, by its name; an asset of which nothing is owed has none. */
export function lowestByAsset(points: Point[]): [string, number][] {
  const found = new Map<string, number>()
  for (const { ratios } of points) {
    for (const [symbol, text] of Object.entries(ratios)) {
      if (text) found.set(symbol, Math.min(found.get(symbol) ?? Infinity, Number(text)))
    }
  }
  return [...found].sort()
}

/** The lowest ratio of all assets; null where nothing is owed. */
export function lowest(ratios: readonly string[]): number | null {
  const known = ratios.filter(Boolean).map(Number)
  return known.length ? Math.min(...known) : null
}
