import { queryOptions } from '@tanstack/react-query'
import { rest } from '~/api/rest'

/** A row of `users/subaccount/list`. */
export interface SubAccount {
  subAcct: string
  label: string
  uid: string
  ts: string
  enable: boolean
  canTransOut: boolean
}

/** A row of `x/sub-accounts`: who froze it. */
export interface Frozen {
  subAcct: string
  frozenBy: ('master' | 'exchange')[]
}

export const SUBS = ['sub-accounts']

export const subAccountsQuery = queryOptions({
  queryKey: SUBS,
  queryFn: () => rest.get<SubAccount, 'users/subaccount/list'>('users/subaccount/list'),
})

/** Below `SUBS`, so that it is asked for again with it. */
export const frozenQuery = queryOptions({
  queryKey: [...SUBS, 'frozen'],
  queryFn: () => rest.get<Frozen, 'x/sub-accounts'>('x/sub-accounts'),
})

/** The two accounts that everybody has, by OKX's numbers. */
export const ROOMS = ['18', '6'] as const
export type Room = (typeof ROOMS)[number]

/** What lies on an account, by currency. */
export interface Holding {
  ccy: string
  total: string
  free: string
}

interface Trading {
  details: { ccy: string; cashBal: string; availBal: string }[]
}
interface Funding {
  ccy: string
  bal: string
  availBal: string
}

const GET = {
  '18': async (sub: string) => {
    const [row] = sub
      ? await rest.get<Trading, 'account/subaccount/balances'>('account/subaccount/balances', {
          subAcct: sub,
        })
      : await rest.get<Trading, 'account/balance'>('account/balance')
    return (row?.details ?? []).map(({ ccy, cashBal, availBal }) => ({
      ccy,
      total: cashBal,
      free: availBal,
    }))
  },
  '6': async (sub: string) => {
    const rows = sub
      ? await rest.get<Funding, 'asset/subaccount/balances'>('asset/subaccount/balances', {
          subAcct: sub,
        })
      : await rest.get<Funding, 'asset/balances'>('asset/balances')
    return rows.map(({ ccy, bal, availBal }) => ({ ccy, total: bal, free: availBal }))
  },
}

const HOLDINGS = 'holdings'

/** Holdings on one of a sub-account's two accounts, or with '' on one's own. */
export function holdingsQuery(sub: string, room: Room) {
  return queryOptions({
    queryKey: [HOLDINGS, sub, room],
    queryFn: async (): Promise<Holding[]> =>
      (await GET[room](sub)).filter(({ total }) => /[1-9]/.test(total)),
  })
}

export const ALL_HOLDINGS = [HOLDINGS]
