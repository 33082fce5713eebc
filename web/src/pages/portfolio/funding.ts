import { queryOptions, useQuery } from '@tanstack/react-query'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'

/** A row of `asset/balances`. */
export interface Funding {
  ccy: string
  bal: string
  availBal: string
  frozenBal: string
}

/** What the funding account holds. */
export function fundingQuery(uid: string) {
  return queryOptions({
    queryKey: ['funding', uid],
    queryFn: () => rest.get<Funding, 'asset/balances'>('asset/balances'),
  })
}

/** What is free on the funding account, by currency; undefined while it is not known. */
export function useFunding(): ((ccy: string) => string) | undefined {
  const session = useSession()
  const { data } = useQuery({ ...fundingQuery(session?.uid ?? ''), enabled: Boolean(session) })
  return data && ((ccy) => data.find((row) => row.ccy === ccy)?.availBal ?? '0')
}
