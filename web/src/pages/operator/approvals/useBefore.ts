import { useQuery } from '@tanstack/react-query'
import { type GetName, rest } from '~/api/rest'
import { OPERATOR } from '../layout/reading'
import type { Fields } from '../rows'

// Where what holds now is read, and by which of its terms a proposal is found there.
const SOURCES: Record<string, readonly [path: GetName, key: string]> = {
  instrument: ['x/operator/instruments', 'instId'],
  state: ['x/operator/instruments', 'instId'],
  'fee-tier': ['x/operator/fees', 'tier'],
  parameter: ['x/operator/parameters', 'parameter'],
  suspension: ['x/operator/suspensions', 'suspension'],
}

/** What an open proposal would change, as it is now; undefined where there is nothing yet. */
export function useBefore(kind: string, terms: Fields, isOpen: boolean): Fields | undefined {
  const source = SOURCES[kind]
  const { data } = useQuery({
    queryKey: [OPERATOR, 'before', kind],
    enabled: Boolean(source) && isOpen,
    queryFn: () => (source ? rest.get<Fields>(source[0], {}) : []),
  })
  if (!source || !isOpen) return undefined
  return data?.find((row) => row[source[1]] === terms[source[1]])
}
