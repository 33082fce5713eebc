import { useInfiniteQuery } from '@tanstack/react-query'
import { useSession } from '~/api/session'

export const PAGE_ROWS = 50

interface Pages<T> {
  rows: T[]
  isLoading: boolean
  error: unknown
  hasMore: boolean
  more(): void
}

/** Rows of the account's past, page by page; `load` gets the id after which a page begins. */
export function usePages<T>(
  key: readonly unknown[],
  load: (after: string) => Promise<T[]>,
  idOf: (row: T) => string,
): Pages<T> {
  const session = useSession()
  const query = useInfiniteQuery({
    queryKey: ['past', session?.uid, ...key],
    enabled: Boolean(session),
    initialPageParam: '',
    queryFn: ({ pageParam }) => load(pageParam),
    getNextPageParam: (last: T[]) => {
      const end = last.at(-1)
      return end !== undefined && last.length === PAGE_ROWS ? idOf(end) : undefined
    },
  })
  return {
    rows: query.data?.pages.flat() ?? [],
    isLoading: query.isLoading,
    error: query.error,
    hasMore: query.hasNextPage,
    more: () => void query.fetchNextPage(),
  }
}
