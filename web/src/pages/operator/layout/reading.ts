import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { type GetName, type GetParams, rest } from '~/api/rest'

/** What every answer of the operator's API is kept under. */
export const OPERATOR = 'operator'

/** The rows of an endpoint, asked for again every so many ms and after each act. */
export function useReading<T, P extends GetName = GetName>(
  path: P,
  params: GetParams<P>,
  every: number | false = false,
): UseQueryResult<T[]> {
  return useQuery({
    queryKey: [OPERATOR, path, params],
    queryFn: ({ signal }) => rest.get<T, P>(path, params as never, signal),
    refetchInterval: every,
  })
}
