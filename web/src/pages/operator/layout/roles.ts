import { useSession } from '~/api/session'

export type Role = 'admin' | 'trading' | 'support' | 'auditor'

/** Who looks at the console, and whether a role lets them act; an admin may everything. */
export function useOperator(): { uid: string; may(role: Role): boolean } {
  const session = useSession()
  const roles = session?.roles ?? []
  return {
    uid: session?.uid ?? '',
    may: (role) => roles.includes('admin') || roles.includes(role),
  }
}
