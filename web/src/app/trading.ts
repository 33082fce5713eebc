import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { useCancelAll } from '~/trading/cancelling'
import { preferences } from './preferences'
import { createStore } from './store'

/** Which side of the order form the keyboard asked for; the form takes it and clears it. */
export const wantedSide = createStore<'buy' | 'sell' | null>(null)

/** What the keyboard does from any page. */
export function useTrading() {
  const navigate = useNavigate()
  const cancelEvery = useCancelAll()
  const fill = useCallback(
    (side: 'buy' | 'sell') => {
      wantedSide.set(side)
      if (!location.pathname.startsWith('/trade/')) {
        void navigate({ to: `/trade/${preferences().lastPair}` })
      }
    },
    [navigate],
  )
  return useMemo(() => ({ fill, cancelAll: () => void cancelEvery() }), [fill, cancelEvery])
}
