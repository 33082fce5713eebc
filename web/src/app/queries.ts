import { QueryClient } from '@tanstack/react-query'
import { Refusal } from '~/api/refusal'
import { rest } from '~/api/rest'
import { sessionQuery } from '~/api/session'

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

// Pages keep what was typed; the header then offers to sign in.
rest.onSessionEnd(() => queryClient.setQueryData(sessionQuery.queryKey, null))
