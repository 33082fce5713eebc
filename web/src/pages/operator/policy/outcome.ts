import type { Change, Policy } from './rows'

export type Outcome = 'inForce' | 'superseded' | 'dropped' | 'past'

/** What became of a change that is over; one whose time never came was dropped. */
export function outcomeOf(change: Change, policy: Policy, nowMs: number): Outcome {
  if (change.supersededBy) return 'superseded'
  if (change.change === policy.version) return 'inForce'
  const isAhead = !change.holdsTs || Number(change.holdsTs) > nowMs
  return isAhead ? 'dropped' : 'past'
}
