import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { rest } from '~/api/rest'
import { useServices } from '~/app/services'
import type { Language } from '~/i18n/catalog'
import { LINES } from '~/pages/funds/currencies'
import { askAgain, type StatusNotice, useNotices } from './notices'

/** A row of `x/suspensions`. */
export interface Suspension {
  suspension: string
  state: SuspensionState
  /** One sentence in each language: what, where and why. */
  title: Record<Language, string>
  /** Public reason: WALLET_MAINT. */
  reason: string
  actions: string[]
  level: string
  /** '' where it is of all. */
  ccy: string
  /** In ms; '' where nobody can say, or where it has passed. */
  estOpenTs: string
  /** Whether it was to be over by now. */
  isLate: boolean
  beginTs: string
  endTs: string
  isOverdue: boolean
}

export type SuspensionState =
  | 'active'
  | 'reopen_planned'
  | 'gate_check'
  | 'canary'
  | 'draining'
  | 'lifted'
  | 'reported'

/** A gate that has to be passed before withdrawals go on. */
export interface Gate {
  gate: string
  name: string
  state: 'missing' | 'failed' | 'expired' | 'waiting' | 'passed'
  ts: string
}

/** A row of `x/suspension`. */
export interface SuspensionDetail extends Suspension {
  gates: Gate[]
  queue: { chain: string; ccy: string; count: string; amt: string }[]
  drain: { lines: { chain: string; ccy: string; paid: string; paidAmt: string; waiting: string }[] }
}

export interface Stopped {
  suspensions: Suspension[]
  /** Names of actions that nothing stops everywhere. */
  works: string[]
  /** Networks whose nodes are not believed: deposits and withdrawals wait there. */
  unwell: string[]
  /** Percent of an asset's coins that may leave in an hour before it stops by itself; 0 is any. */
  hourlyShare: string
  /** Hours that its price may be old; 0 is any. */
  priceAgeH: string
}

/** Public reasons, the gravest first; what is none of them comes after them all. */
const GRAVE = [
  'SECURITY_INCIDENT',
  'RESERVE_SHORTFALL',
  'RECONCILIATION_BREAK',
  'SIGNER_DEVICE_LOST',
  'KEY_HOLDER_UNREACHABLE',
  'CHAIN_FORK',
  'CHAIN_REORG',
  'REGULATORY_ORDER',
  'SANCTIONS',
  'CHAIN_HALT',
  'MARKET_DISLOCATION',
  'NODE_DOWN',
  'VENDOR_DOWN',
  'HOT_WALLET_LOW',
]

/** What is of everybody and everything first, then the gravest, then in their order. */
export function byGravity(rows: readonly Suspension[]): Suspension[] {
  const rank = ({ reason, level }: Suspension) =>
    (level === 'global' ? 0 : GRAVE.length + 1) +
    (GRAVE.includes(reason) ? GRAVE.indexOf(reason) : GRAVE.length)
  return [...rows].sort((one, other) => rank(one) - rank(other))
}

const ORDERS = ['trade_open', 'trade_all']

/** What stops new orders of a pair for everybody; undefined where nothing does. */
export function stoppingOrders(
  rows: readonly Suspension[],
  pair: { baseCcy: string; quoteCcy: string },
): Suspension | undefined {
  const of = [pair.baseCcy, pair.quoteCcy]
  return byGravity(rows).find(
    ({ actions, level, ccy }) =>
      actions.some((each) => ORDERS.includes(each)) &&
      (level === 'global' || (level === 'ccy' && of.includes(ccy))),
  )
}

const KEY = ['suspensions']
const EVERY_MS = 60_000

/** What is suspended now; the channel `status` says when that changes. */
export function useStopped(): Stopped | undefined {
  const client = useQueryClient()
  const { streams } = useServices()
  const { data } = useQuery({
    queryKey: [...KEY, 'open'],
    queryFn: () => load('open'),
    refetchInterval: EVERY_MS,
  })
  useEffect(
    () =>
      streams.subscribe(
        { channel: 'status' },
        {
          onPush: () => {
            // What a form says of a stop comes and goes with the banner.
            for (const queryKey of [KEY, LINES]) void client.invalidateQueries({ queryKey })
            askAgain(client)
          },
        },
      ),
    [client, streams],
  )
  return data
}

const PLAN = '?plan='

/** A stop of the whole exchange that is to come. */
export function usePlanned(): StatusNotice | undefined {
  return useNotices().find(({ href, state }) => href.includes(PLAN) && state === 'scheduled')
}

/** What was suspended and is not any more. */
export function usePast(): Suspension[] | undefined {
  return useQuery({ queryKey: [...KEY, 'closed'], queryFn: () => load('closed') }).data?.suspensions
}

export function useSuspension(suspension: string): SuspensionDetail | undefined {
  const number = Number(suspension)
  return useQuery({
    queryKey: [...KEY, suspension],
    queryFn: async () => {
      const [row] = await rest.get<SuspensionDetail, 'x/suspension'>('x/suspension', {
        suspension: number,
      })
      return row ?? null
    },
    refetchInterval: EVERY_MS,
  }).data as SuspensionDetail | undefined
}

async function load(state: 'open' | 'closed'): Promise<Stopped> {
  const [row] = await rest.get<Stopped, 'x/suspensions'>('x/suspensions', { state })
  return row ?? { suspensions: [], works: [], unwell: [], hourlyShare: '0', priceAgeH: '0' }
}
