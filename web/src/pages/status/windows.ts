import { useQuery } from '@tanstack/react-query'
import { rest } from '~/api/rest'

/** A window of maintenance that closes pairs for a while; times in ms. */
export interface ClosingWindow {
  title: string
  state: 'scheduled' | 'ongoing' | 'pre_open'
  begin: string
  preOpenBegin: string
  end: string
  href: string
}

const WINDOW = '?window='
const EVERY_MS = 60_000
const NAMES = /[A-Z0-9]+(?:-[A-Z0-9]+)+/g
const MORE = / and others$/

/** Windows that are to come or under way, the nearest first. */
export function useWindows(): ClosingWindow[] {
  const { data } = useQuery({
    queryKey: ['suspensions', 'windows'],
    queryFn: () => rest.get<ClosingWindow, 'system/status'>('system/status', {}),
    refetchInterval: EVERY_MS,
  })
  const found = data?.filter(({ href }) => href.includes(WINDOW)) ?? []
  return found.sort((one, other) => Number(one.begin) - Number(other.begin))
}

/** The pairs that a title of the exchange's names, and whether there are others. */
export function pairsOf(title: string): { pairs: string[]; isMore: boolean } {
  return { pairs: title.match(NAMES) ?? [], isMore: MORE.test(title) }
}
