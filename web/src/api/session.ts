import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { Refusal } from './refusal'
import { rest } from './rest'

/** A row of `x/session`. */
export interface Session {
  uid: string
  email: string
  sessionId: string
  csrfToken: string
  endsTs: string
  provenUntilTs: string
  perm: string
  roles: string[]
  totp: boolean
  recoveryCodesLeft: string
  passkeys: string
  keysOff: boolean
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: loadSession,
  staleTime: 60_000,
  retry: (count, problem) => count < 5 && problem instanceof Refusal && problem.isPassing,
})

/** Who is signed in: null for nobody, undefined while it is not known yet. */
export function useSession(): Session | null | undefined {
  return useQuery(sessionQuery).data
}

async function loadSession(): Promise<Session | null> {
  try {
    const [session] = await rest.get<Session, 'x/session'>('x/session')
    rest.csrfToken = session?.csrfToken ?? ''
    return session ?? null
  } catch (problem) {
    if (problem instanceof Refusal && problem.status === 401) return null
    throw problem
  }
}

/** After a sign-in, a step-up or a change of password: the session is another, and so its token. */
export async function signedIn(client: QueryClient): Promise<void> {
  await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
}
