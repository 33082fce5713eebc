import { createContext, type ReactNode, use, useSyncExternalStore } from 'react'
import type { AppConfig } from '~/api/config'
import { Market } from '~/market/market'
import type { Connection, LinkState } from '~/stream/connection'
import { Streams } from '~/stream/streams'
import { Account } from '~/trading/account'

export interface Services {
  config: AppConfig
  streams: Streams
  market: Market
  /** The live feeds of a user. */
  accountOf(uid: string): Account
}

const Context = createContext<Services | null>(null)

export function ServicesProvider(props: { services: Services; children: ReactNode }): ReactNode {
  return <Context value={props.services}>{props.children}</Context>
}

export function useServices(): Services {
  const services = use(Context)
  if (!services) throw new Error('outside of ServicesProvider')
  return services
}

/** The state of a connection; it changes as the connection does. */
export function useLink(connection: Connection): LinkState {
  return useSyncExternalStore(
    (watcher) => connection.watch(watcher),
    () => connection.state,
  )
}

export function makeServices(config: AppConfig): Services {
  const streams = new Streams(config)
  const accounts = new Map<string, Account>()
  const accountOf = (uid: string) => {
    const account = accounts.get(uid) ?? new Account(streams)
    accounts.set(uid, account)
    return account
  }
  return { config, streams, market: new Market(streams), accountOf }
}
