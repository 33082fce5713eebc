import { type QueryClient, useQuery } from '@tanstack/react-query'
import { rest } from '~/api/rest'

/** A row of `system/status`: maintenance that is to come or under way; times in ms. */
export interface StatusNotice {
  title: string
  state: 'scheduled' | 'ongoing' | 'pre_open'
  begin: string
  preOpenBegin: string
  /** '' where nobody can say. */
  end: string
  href: string
}

const KEY = ['notices']
const EVERY_MS = 60_000
/** How often an address may ask. */
const ONCE_IN_MS = 5_000

let waiting: ReturnType<typeof setTimeout> | undefined

/** Asks again as soon as this address may; what changes until then is in that answer too. */
export function askAgain(client: QueryClient): void {
  if (waiting !== undefined) return
  const state = client.getQueryState(KEY)
  const asked = state?.fetchStatus === 'fetching' ? Date.now() : (state?.dataUpdatedAt ?? 0)
  const ask = () => {
    waiting = undefined
    void client.invalidateQueries({ queryKey: KEY })
  }
  waiting = setTimeout(ask, Math.max(0, asked + ONCE_IN_MS - Date.now()))
}

/** All of it by one request, since an address may ask only once in five seconds. */
export function useNotices(): StatusNotice[] {
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: () => rest.get<StatusNotice, 'system/status'>('system/status', {}),
    refetchInterval: EVERY_MS,
  })
  return data ?? []
}
