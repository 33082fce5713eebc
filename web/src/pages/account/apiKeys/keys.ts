import { queryOptions } from '@tanstack/react-query'
import { rest } from '~/api/rest'
import type { KeyRow } from './KeyTable'

/** The keys of the user, not those of sub-accounts. */
export const keysQuery = queryOptions({
  queryKey: ['api-keys'],
  queryFn: () => rest.get<KeyRow, 'x/api-keys'>('x/api-keys'),
})

/** Keys that sign still: one whose end has passed is listed until it is deleted. */
export function activeOf<R extends Pick<KeyRow, 'endsTs'>>(rows: readonly R[], nowMs: number): R[] {
  return rows.filter(({ endsTs }) => !endsTs || nowMs < Number(endsTs))
}
