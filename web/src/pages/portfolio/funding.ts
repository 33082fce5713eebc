import { queryOptions } from '@tanstack/react-query'
import { rest } from '~/api/rest'

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
