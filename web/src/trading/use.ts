import { useEffect, useSyncExternalStore } from 'react'
import { useSession } from '~/api/session'
import { useServices } from '~/app/services'
import type { Feed } from '~/market/feed'
import type { Account, Balances, OrdersState } from './account'

/** The feeds of who is signed in; null for nobody. */
export function useAccount(): Account | null {
  const { accountOf } = useServices()
  const session = useSession()
  return session ? accountOf(session.uid) : null
}

/** Balances by currency; null while they are not known. */
export function useBalances(): Balances | null {
  return useFeedOf(useAccount()?.balances, null)
}

const NO_ORDERS: OrdersState = { orders: [], isWhole: true }

export function useOpenOrders(): OrdersState {
  return useFeedOf(useAccount()?.orders, NO_ORDERS)
}

/** What can be spent of a currency; null while it is not known. */
export function useAvailable(currency: string): string | null {
  const balances = useBalances()
  return balances ? (balances.get(currency)?.availBal ?? '0') : null
}

const nobody = () => () => {}

function useFeedOf<T>(feed: Feed<T> | undefined, without: T): T {
  useEffect(() => feed?.use(), [feed])
  return useSyncExternalStore(feed?.watch ?? nobody, feed?.get ?? (() => without))
}
