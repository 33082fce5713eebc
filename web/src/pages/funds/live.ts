import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { useSession } from '~/api/session'
import { useServices } from '~/app/services'

/** What a channel of money in or out pushes; sub-accounts' rows name theirs. */
interface Pushed {
  subAcct?: string
}

export interface Live<T> {
  /** Newest first; undefined while they are not known. */
  rows: T[] | undefined
  error: unknown
}

/**
 * A list that REST begins and a channel keeps current. What was pushed is never older than what
 * was listed: each push holds the whole row.
 */
export function useLive<T extends object>(
  channel: 'deposit-info' | 'withdrawal-info',
  load: () => Promise<T[]>,
  idOf: (row: T) => string,
): Live<T> {
  const session = useSession()
  const uid = session?.uid ?? ''
  const { streams } = useServices()
  const [pushed, setPushed] = useState<ReadonlyMap<string, T>>(new Map())
  const { data, error, refetch } = useQuery({
    queryKey: ['funds', channel, uid],
    queryFn: load,
    enabled: uid !== '',
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `idOf` is a constant of its channel
  useEffect(() => {
    if (!uid) return
    return streams.subscribe(
      { channel },
      {
        onReset: () => {
          setPushed(new Map())
          void refetch()
        },
        onPush: (push) => {
          const own = (push.data as (T & Pushed)[]).filter(({ subAcct }) => !subAcct)
          if (own.length === 0) return
          setPushed(
            (before) => new Map([...before, ...own.map((row) => [idOf(row), row] as const)]),
          )
        },
      },
    )
  }, [channel, uid, streams, refetch])
  const rows = useMemo(() => data && merged(data, pushed, idOf), [data, pushed, idOf])
  return { rows, error }
}

/** Listed rows as they were pushed last, with those that came since; newest first. */
export function merged<T>(
  listed: readonly T[],
  pushed: ReadonlyMap<string, T>,
  idOf: (row: T) => string,
): T[] {
  const known = new Map(listed.map((row) => [idOf(row), row] as const))
  for (const [id, row] of pushed) known.set(id, { ...known.get(id), ...row })
  // Ids count up, and are of one length.
  return [...known.values()].sort((one, other) => (idOf(one) < idOf(other) ? 1 : -1))
}
