import { useQuery } from '@tanstack/react-query'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'

/** What is wrong with a deposit that one misses. */
export const KINDS = ['memo', 'chain', 'token', 'missing'] as const
export type Kind = (typeof KINDS)[number]

export type ClaimState = 'open' | 'credited' | 'settled' | 'declined' | 'withdrawn'

/** A row of `x/deposit-claims`. */
export interface Claim {
  claimId: string
  kind: Kind
  ccy: string
  chain: string
  txId: string
  amt: string
  state: ClaimState
  /** What an operator said. */
  answer: string
  /** Of the deposit, once it is one's own. */
  depId: string
  filedTs: string
}

export const CLAIMS = ['deposit-claims']

const EVERY_MS = 15_000

/** One's own claims, newest first. */
export function useClaims() {
  const session = useSession()
  const { data, error } = useQuery({
    queryKey: [...CLAIMS, session?.uid ?? ''],
    queryFn: () => rest.get<Claim, 'x/deposit-claims'>('x/deposit-claims'),
    enabled: Boolean(session),
    refetchInterval: EVERY_MS,
  })
  return { claims: data, error }
}

/** Whether nothing more happens to a claim, for good or ill. */
export function lookOf(state: ClaimState): 'good' | 'bad' | 'plain' {
  if (state === 'credited' || state === 'settled') return 'good'
  return state === 'declined' ? 'bad' : 'plain'
}
