import { expect, test } from 'vitest'
import type { Rule } from './rows'
import { areSame, freshNumber, moved, ruleOf, typedOf } from './rules'

const RULES: Rule[] = [
  { number: 1, verb: 'block', categories: ['sanctioned'] },
  { number: 4, verb: 'approve', group: 1, needed: 2, mostUsd: 1000, networks: [3], mostShare: 50 },
  { number: 2, verb: 'allow', velocityUsd: 500, windowMs: 86_400_000, leastAgeMs: 1_800_000 },
]

// Criterion: WEB-OP-POLICY-1
test('a rule goes through its form unchanged, also what the form does not show', () => {
  for (const rule of RULES) expect(ruleOf(typedOf(rule), rule)).toEqual(rule)
})

test('who blocks or allows approves nothing', () => {
  const [, approving] = RULES
  if (!approving) throw new Error('no rule')
  const blocked = ruleOf({ ...typedOf(approving), verb: 'block' }, approving)
  expect(blocked).toEqual({ number: 4, verb: 'block', mostUsd: 1000, networks: [3], mostShare: 50 })
})

test('rules change places and keep their numbers', () => {
  expect(moved(RULES, 1, -1).map(({ number }) => number)).toEqual([4, 1, 2])
  expect(moved(RULES, 2, 1)).toEqual(RULES)
  expect(freshNumber(RULES, [{ number: 9, verb: 'allow' }])).toBe(10)
  expect(freshNumber([])).toBe(1)
})

test('rules are the same whatever order their fields are in', () => {
  expect(
    areSame(RULES, [{ categories: ['sanctioned'], verb: 'block', number: 1 }, ...RULES.slice(1)]),
  ).toBe(true)
  expect(areSame(RULES, moved(RULES, 0, 1))).toBe(false)
})
