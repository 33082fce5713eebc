import { queryOptions, useQuery } from '@tanstack/react-query'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'

/** A row of `asset/currencies`: a currency on a chain. Amounts and counts are text. */
export interface Line {
  ccy: string
  /** The currency and the network: USDT-ERC20. */
  chain: string
  canDep: boolean
  canWd: boolean
  needTag: boolean
  minDep: string
  minDepArrivalConfirm: string
  minWdUnlockConfirm: string
  minWd: string
  maxWd: string
  /** What a withdrawal costs now, and between what that may move. */
  fee: string
  minFee: string
  maxFee: string
  wdTickSz: string
  /** Whether it may be sent to another user here. */
  canInternal: boolean
  /** While withdrawals are capped: USD of 24 hours and what is left, and of all users together. */
  xWdCapUsd: string
  xWdCapLeftUsd: string
  xWdCapAll: string
  /** Whether people look at each. */
  xWdReviewed: boolean
  /** The least that users can send each other, which is a step of the ledger too. */
  minInternal: string
  /** In USD over 24 hours, all currencies together. */
  wdQuota: string
  usedWdQuota: string
  /** In ms; '' where nobody can say, or nothing is stopped. */
  depEstOpenTime: string
  wdEstOpenTime: string
}

/** A currency that is on no chain has a line of this one. */
const LEDGER = 'Ledger'
const FRESH_MS = 10_000

/** What the key of every query for lines begins with. */
export const LINES = ['lines']

export function linesQuery(uid: string) {
  return queryOptions({
    queryKey: [...LINES, uid],
    queryFn: () => rest.get<Line, 'asset/currencies'>('asset/currencies'),
    // Switches and what is left of the quota change while the page is open.
    refetchInterval: FRESH_MS,
  })
}

/** Every currency on every chain; undefined while they are not known. */
export function useLines(): Line[] | undefined {
  const session = useSession()
  const query = useQuery({ ...linesQuery(session?.uid ?? ''), enabled: Boolean(session) })
  return query.data?.filter(({ chain }) => networkOf(chain) !== LEDGER)
}

/** The step of amounts between users, by currency; undefined while they are not known. */
export function useSteps(): ReadonlyMap<string, string> | undefined {
  const session = useSession()
  const query = useQuery({ ...linesQuery(session?.uid ?? ''), enabled: Boolean(session) })
  return query.data && new Map(query.data.map(({ ccy, minInternal }) => [ccy, minInternal]))
}

/** Currencies that may not be sent to another user here now. */
export function useStoppedWithin(): ReadonlySet<string> {
  const session = useSession()
  const query = useQuery({ ...linesQuery(session?.uid ?? ''), enabled: Boolean(session) })
  return new Set(query.data?.filter(({ canInternal }) => !canInternal).map(({ ccy }) => ccy))
}

/** The network of a chain: ERC20 of USDT-ERC20. */
export function networkOf(chain: string): string {
  return chain.slice(chain.indexOf('-') + 1)
}

/** The currencies of lines, each once, in their order. */
export function currenciesOf(lines: readonly Line[]): string[] {
  return [...new Set(lines.map(({ ccy }) => ccy))]
}
