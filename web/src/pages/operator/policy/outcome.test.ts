import { expect, test } from 'vitest'
import { outcomeOf } from './outcome'
import type { Change, Policy } from './rows'

const NOW_MS = 1_000
const POLICY = { version: '7' } as Policy

// Criterion: WEB-OP-POLICY-3
test.each([
  ['superseded', { change: '5', supersededBy: '7', holdsTs: '' }],
  ['inForce', { change: '7', supersededBy: '', holdsTs: '900' }],
  ['dropped', { change: '4', supersededBy: '', holdsTs: '' }],
  ['dropped', { change: '3', supersededBy: '', holdsTs: '2000' }],
  ['past', { change: '2', supersededBy: '', holdsTs: '500' }],
])('a change that is over was %s', (outcome, change) => {
  expect(outcomeOf(change as Change, POLICY, NOW_MS)).toBe(outcome)
})
