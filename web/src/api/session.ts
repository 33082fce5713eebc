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
  /** By what an operator approves now: passkey, proof or nothing; empty for who is none. */
  approvesBy: string
  /** From when on it is by what comes next; empty where nothing comes by itself. */
  approvesTs: string
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

/** Whether nobody says who is signed in, as while the exchange does not answer. */
export function useSessionUnknown(): boolean {
  const { data, failureCount } = useQuery(sessionQuery)
  return data === undefined && failureCount > 0
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

/** What the exchange answers to a sign-in, a step-up or a change of password. */
export interface Entered {
  uid: string
  csrfToken: string
}

/** Puts a new session to use; what was known of somebody else is forgotten. */
export async function signedIn(client: QueryClient, entered: Entered): Promise<void> {
  rest.csrfToken = entered.csrfToken
  const before = client.getQueryData(sessionQuery.queryKey)
  if (before && before.uid !== entered.uid) forgetAllButSession(client)
  // An answer to the old token must not be taken for one to the new.
  await client.cancelQueries({ queryKey: sessionQuery.queryKey })
  await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
  // What was refused without a session, or with the old one, is asked for again.
  void client.invalidateQueries({ predicate: ({ state }) => state.status === 'error' })
}

/** After a sign-out: nobody is signed in, and what was known of who was is forgotten. */
export function signedOut(client: QueryClient): void {
  rest.csrfToken = ''
  // The session's own query stays: what shows it listens to this one.
  client.setQueryData(sessionQuery.queryKey, null)
  forgetAllButSession(client)
}

function forgetAllButSession(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] })
}
