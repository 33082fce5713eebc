import { type Change, hasTable, type Policy } from './rows'
import { areSame } from './rules'
import { movedFrom } from './table'

export type Outcome = 'inForce' | 'superseded' | 'dropped' | 'past'

/** What became of a change that is over; one whose time never came was dropped. */
export function outcomeOf(change: Change, policy: Policy, nowMs: number): Outcome {
  if (change.supersededBy) return 'superseded'
  if (change.change === policy.version) return 'inForce'
  const isAhead = !change.holdsTs || Number(change.holdsTs) > nowMs
  if (isAhead) return 'dropped'
  // Rules stay in force behind a change of the table, and the table behind one of the rules.
  return isNewest(change, policy) && isContent(change, policy) ? 'inForce' : 'past'
}

const isOfTable = ({ risk }: Change) => hasTable(risk)

/** Whether no later one of its kind has held. */
function isNewest(change: Change, policy: Policy): boolean {
  const others = policy.changes.filter(
    (one) => isOfTable(one) === isOfTable(change) && one.over && !one.supersededBy && one.holdsTs,
  )
  return others.every(({ holdsTs }) => Number(holdsTs) <= Number(change.holdsTs))
}

function isContent({ risk, rules }: Change, policy: Policy): boolean {
  if (!hasTable(risk)) return areSame(rules, policy.rules)
  return hasTable(policy.risk) && movedFrom(policy.risk, risk).length === 0
}
