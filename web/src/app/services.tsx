import { createContext, type ReactNode, use, useSyncExternalStore } from 'react'
import type { AppConfig } from '~/api/config'
import type { Connection, LinkState } from '~/stream/connection'
import type { Streams } from '~/stream/streams'

interface Services {
  config: AppConfig
  streams: Streams
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
