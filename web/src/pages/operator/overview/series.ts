import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query'
import { rest } from '~/api/rest'
import { OPERATOR } from '../layout/reading'
import type { Sample } from '../rows'

export const EVERY_MS = 1_000
export const SPAN_MS = 600_000

const KEY = [OPERATOR, 'series']

/** The samples of the last ten minutes, kept up second by second. */
export function useSeries(): UseQueryResult<Sample[]> {
  const client = useQueryClient()
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => {
      const known = client.getQueryData<Sample[]>(KEY) ?? []
      const after = known.at(-1)?.ts ?? ''
      const rows = await rest.get<Sample, 'x/operator/series'>(
        'x/operator/series',
        after ? { after } : {},
        signal,
      )
      return joined(known, rows)
    },
    refetchInterval: EVERY_MS,
    retry: false,
  })
}

/** What was known with what is new, as far back as the plots show. */
export function joined(known: readonly Sample[], fresh: readonly Sample[]): Sample[] {
  const from = Number(known.at(-1)?.ts ?? 0)
  const all = [...known, ...fresh.filter(({ ts }) => Number(ts) > from)]
  const end = Number(all.at(-1)?.ts ?? 0)
  return all.filter(({ ts }) => Number(ts) >= end - SPAN_MS)
}
