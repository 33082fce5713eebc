import { QueryClient } from '@tanstack/react-query'
import { Refusal } from '~/api/refusal'
import { sessionQuery } from '~/api/session'
import type { Streams } from '~/stream/streams'

const RETRIES = 4

/** What was asked is asked again only where that can help. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, problem) => count < RETRIES && problem instanceof Refusal && problem.isPassing,
      retryDelay: (count) => Math.min(500 * 2 ** count, 8_000),
      staleTime: 5_000,
      refetchOnWindowFocus: true,
    },
  },
})

/** Nobody is signed in any more. Pages keep what was typed; the header offers to sign in. */
export function endSession(streams: Streams): void {
  streams.account.close()
  queryClient.setQueryData(sessionQuery.queryKey, null)
}
