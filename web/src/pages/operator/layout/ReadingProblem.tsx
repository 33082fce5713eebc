import { createContext, type ReactNode, use } from 'react'
import { Refusal } from '~/api/refusal'
import { Problem } from '~/pages/account/form/Problem'

/** Whether the console's head says that the exchange does not answer. */
const Away = createContext(false)

export const AwayProvider = Away.Provider

/** Why something could not be read, unless the head says it of the whole page already. */
export function ReadingProblem({ problem }: { problem: unknown }): ReactNode {
  const isAway = use(Away)
  return isAway && isPassing(problem) ? null : <Problem problem={problem} />
}

/** Whether it may be read a little later. */
export function isPassing(problem: unknown): boolean {
  return problem instanceof Refusal && problem.isPassing
}
