import { useRef } from 'react'
import { Refusal } from '~/api/refusal'

export type Once = (wish: object, send: (clientId: string) => Promise<unknown>) => Promise<void>

/** One id for one wish, until its answer is known: a lost answer's repeat moves nothing again. */
export function useOnce(): Once {
  const open = useRef({ wish: '', id: '' })
  return async (wanted, send) => {
    const wish = JSON.stringify(wanted)
    if (open.current.wish !== wish) {
      open.current = { wish, id: crypto.randomUUID().replaceAll('-', '') }
    }
    try {
      await send(open.current.id)
    } catch (problem) {
      if (problem instanceof Refusal && problem.isPassing) throw problem
      open.current.wish = ''
      throw problem
    }
    open.current.wish = ''
  }
}
