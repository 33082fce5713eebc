import { expect, test } from 'vitest'
import { outcomeOf } from './outcome'
import type { Change, Policy } from './rows'

const NOW_MS = 1_000
const RULES = [{ number: 1, verb: 'block' }]
const POLICY = { version: '7', rules: RULES, risk: {}, changes: [] } as unknown as Policy

// Criterion: WEB-OP-POLICY-3
test.each([
  ['superseded', { change: '5', supersededBy: '7', holdsTs: '' }],
  ['inForce', { change: '7', supersededBy: '', holdsTs: '900' }],
  ['dropped', { change: '4', supersededBy: '', holdsTs: '' }],
  ['dropped', { change: '3', supersededBy: '', holdsTs: '2000' }],
  ['past', { change: '2', supersededBy: '', holdsTs: '500' }],
])('a change that is over was %s', (outcome, change) => {
  const whole = { rules: [], risk: {}, over: true, ...change } as unknown as Change
  expect(outcomeOf(whole, POLICY, NOW_MS)).toBe(outcome)
})

// Criterion: WEB-OP-RISK-2
test('rules stay in force behind a change of the table', () => {
  const risk = { points: { share: 5 }, bounds: {}, thresholds: {} }
  const held = { over: true, supersededBy: '' }
  const [table, rules, older] = [
    { ...held, change: '7', rules: [], risk, holdsTs: '900' },
    { ...held, change: '5', rules: RULES, risk: {}, holdsTs: '800' },
    { ...held, change: '4', rules: RULES, risk: {}, holdsTs: '700' },
  ] as unknown as [Change, Change, Change]
  const policy = { ...POLICY, risk, changes: [table, rules, older] } as Policy
  const outcomes = policy.changes.map((one) => outcomeOf(one, policy, NOW_MS))
  expect(outcomes).toEqual(['inForce', 'inForce', 'past'])
})
