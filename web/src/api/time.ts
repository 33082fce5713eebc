import { queryOptions, useQuery } from '@tanstack/react-query'
import { rest } from './rest'

/** By how much the exchange's clock is ahead of this device's, in ms; 0 until it is known. */
let ahead = 0

const FRESH_MS = 10 * 60_000

/** The exchange's time in ms, whatever this device's clock says. */
export function exchangeNow(): number {
  return Date.now() + ahead
}

const timeQuery = queryOptions({
  queryKey: ['time'],
  queryFn: loadAhead,
  staleTime: FRESH_MS,
  refetchInterval: FRESH_MS,
})

/** How far ahead of this device the exchange is, in ms; undefined while it is not known. */
export function useAhead(): number | undefined {
  return useQuery(timeQuery).data
}

async function loadAhead(): Promise<number> {
  const sent = performance.now()
  const [row] = await rest.get<{ ts: string }, 'public/time'>('public/time')
  // The answer was written about half way of the time that it took.
  const passed = (performance.now() - sent) / 2
  ahead = row ? Math.round(Number(row.ts) + passed - Date.now()) : 0
  return ahead
}
