import { expect, test } from 'vitest'
import type { Member } from '../rows'
import { isOfTeams, peopleByTeam } from './teams'

const of = (uid: string, team: string) => ({ uid, team }) as Member

// Criterion: WEB-OP-TEAM-1
test('people stand by team, those of none last, and teams without anybody are left out', () => {
  const found = peopleByTeam([of('1', 'none'), of('2', 'risk'), of('3', 'treasury')])
  expect(found.map(([team, people]) => [team, ...people.map(({ uid }) => uid)])).toEqual([
    ['treasury', '3'],
    ['risk', '2'],
    ['none', '1'],
  ])
})

// Criterion: WEB-OP-TEAM-1
test('while nobody is of a team there are none', () => {
  expect([isOfTeams([of('1', 'none')]), isOfTeams([of('1', 'none'), of('2', 'risk')])]).toEqual([
    false,
    true,
  ])
})
