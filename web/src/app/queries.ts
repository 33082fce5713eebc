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

/**
 * A session may have ended: the exchange is asked before anybody is signed out, because a request
 * that was under way while the session got a new token is refused too. Pages keep what was typed.
 */
export function endSession(streams: Streams): void {
  queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 }).then(
    (session) => session ?? streams.leave(),
    () => {},
  )
}
