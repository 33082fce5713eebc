import { queryOptions, useQuery } from '@tanstack/react-query'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'

/** The row of `x/standing`: who has frozen the account, and what it owes. */
export interface Standing {
  frozenBy: ('exchange' | 'master')[]
  debts: { ccy: string; owed: string; depId: string; owedTs: string }[]
}

const AGAIN_MS = 10_000

export function standingQuery(uid: string) {
  return queryOptions({
    queryKey: ['standing', uid],
    queryFn: async () => {
      const [row] = await rest.get<Standing, 'x/standing'>('x/standing')
      return row ?? { frozenBy: [], debts: [] }
    },
    refetchInterval: AGAIN_MS,
  })
}

/** One's own; undefined while it is not known, and to who is not signed in. */
export function useStanding(): Standing | undefined {
  const session = useSession()
  return useQuery({ ...standingQuery(session?.uid ?? ''), enabled: Boolean(session) }).data
}

/** What is owed, each currency once. */
export function owedOf({ debts }: Standing): [ccy: string, owed: string[]][] {
  const found = new Map<string, string[]>()
  for (const { ccy, owed } of debts) found.set(ccy, [...(found.get(ccy) ?? []), owed])
  return [...found]
}
