import type { Member } from '../rows'

const NONE = 'none'

/** Teams as `propose/team` names them; who is of none comes last. */
export const TEAMS = [
  'treasury',
  'risk',
  'support',
  'markets',
  'compliance',
  'engineering',
  NONE,
] as const

/** Whether anybody is of a team: until then nobody's approval is refused over one. */
export function isOfTeams(members: readonly Member[]): boolean {
  return members.some(({ team }) => team !== NONE)
}

/** Who is of each team that has anybody, in the order of `TEAMS`. */
export function peopleByTeam(members: readonly Member[]): (readonly [string, Member[]])[] {
  return TEAMS.map((each) => [each, members.filter(({ team }) => team === each)] as const).filter(
    ([, people]) => people.length > 0,
  )
}
