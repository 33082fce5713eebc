import { useLink, useServices } from '~/app/services'

/** Whether what is shown of the market must not be taken for live. */
export function useIsStale(isWhole = true): boolean {
  const { streams } = useServices()
  return useLink(streams.market).kind !== 'live' || !isWhole
}
