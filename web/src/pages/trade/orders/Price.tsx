import type { ReactNode } from 'react'
import { useInstrument } from '~/market/instruments'
import { padded } from '~/market/numbers'

/** A price as the pair quotes it: it ends at the tick, or beyond where it is an average. */
export function Price({ instId, px }: { instId: string; px: string }): ReactNode {
  return padded(px, useInstrument(instId)?.priceDecimals ?? 0)
}
