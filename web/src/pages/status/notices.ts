import { useQuery } from '@tanstack/react-query'
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

const EVERY_MS = 60_000

/** All of it by one request, since an address may ask only once in five seconds. */
export function useNotices(): StatusNotice[] {
  const { data } = useQuery({
    queryKey: ['suspensions', 'notices'],
    queryFn: () => rest.get<StatusNotice, 'system/status'>('system/status', {}),
    refetchInterval: EVERY_MS,
  })
  return data ?? []
}
