import { queryOptions } from '@tanstack/react-query'
import { rest } from '~/api/rest'

/** A row of `x/withdrawal-settings`. */
export interface Settings {
  bookOnly: boolean
  /** USD in 24 hours; '' is no limit of one's own. */
  quota: string
  /** Until when they only get stricter, in ms; '' is not locked. */
  lockedUntilTs: string
  /** Until when nothing can leave after a change of what opens the account, in ms; '' is now. */
  stoppedUntilTs: string
}

export const SETTINGS = ['withdrawal-settings']

export function settingsQuery(uid: string) {
  return queryOptions({
    queryKey: [...SETTINGS, uid],
    queryFn: () => rest.get<Settings, 'x/withdrawal-settings'>('x/withdrawal-settings'),
  })
}
