import { createContext, type ReactNode, use, useMemo } from 'react'
import { createStore, type Store } from '~/app/store'
import type { Instrument } from '~/market/instruments'
import type { Draft } from './form/draft'

/** What the panels of a trade page share: the pair, and what stands in the order form. */
export interface Desk {
  instrument: Instrument
  draft: Store<Draft>
}

const Context = createContext<Desk | null>(null)
const drafts = new Map<string, Store<Draft>>()

export function DeskProvider(props: { instrument: Instrument; children: ReactNode }): ReactNode {
  const { instrument, children } = props
  const desk = useMemo(() => ({ instrument, draft: draftOf(instrument.instId) }), [instrument])
  return <Context value={desk}>{children}</Context>
}

export function useDesk(): Desk {
  const desk = use(Context)
  if (!desk) throw new Error('outside of DeskProvider')
  return desk
}

/** What was typed for a pair stays while other pairs and pages are looked at. */
function draftOf(instId: string): Store<Draft> {
  let draft = drafts.get(instId)
  if (!draft) {
    draft = createStore<Draft>({ side: 'buy', ordType: 'limit', px: '', sz: '', inQuote: true })
    drafts.set(instId, draft)
  }
  return draft
}

/** Puts a price of the book or the chart into the form. */
export function takePrice({ draft }: Desk, px: string): void {
  const now = draft.get()
  const ordType =
    now.ordType === 'market' || now.ordType === 'optimal_limit_ioc' ? 'limit' : now.ordType
  draft.set({ ...now, ordType, px })
}
