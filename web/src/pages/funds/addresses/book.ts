import { queryOptions, useQuery } from '@tanstack/react-query'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'
import { exchangeNow } from '~/api/time'

/** A row of `x/withdrawal-addresses`; on chains with memos `addr` is address:memo. */
export interface Booked {
  addrId: string
  addr: string
  chains: string[]
  label: string
  addedTime: string
  /** From when on it may be withdrawn to, in ms. */
  usableTime: string
}

export const BOOK = ['withdrawal-addresses']

function bookQuery(uid: string) {
  return queryOptions({
    queryKey: [...BOOK, uid],
    queryFn: () => rest.get<Booked, 'x/withdrawal-addresses'>('x/withdrawal-addresses'),
  })
}

/** The addresses that one may withdraw to, newest first. */
export function useBook() {
  const session = useSession()
  const { data, error } = useQuery({
    ...bookQuery(session?.uid ?? ''),
    enabled: Boolean(session),
  })
  return { book: data?.toReversed(), error }
}

export function isLocked({ usableTime }: Booked): boolean {
  return exchangeNow() < Number(usableTime)
}

/** The beginning and the end of an address, as lists show it. */
export function brief(addr: string): string {
  return addr.length > 22 ? `${addr.slice(0, 10)}…${addr.slice(-8)}` : addr
}
