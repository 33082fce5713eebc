import type { Replay } from '../rows'

/** How much of a replay is done, from 0 to 1. */
export function shareOf({ state, from, reached, target }: Replay): number {
  if (state === 'done') return 1
  const all = Number(target) - Number(from)
  const done = Number(reached) - Number(from)
  return all > 0 ? Math.min(1, Math.max(0, done / all)) : 0
}
