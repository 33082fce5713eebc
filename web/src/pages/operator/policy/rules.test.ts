import { expect, test } from 'vitest'
import type { Rule } from './rows'
import { areSame, freshNumber, marksOf, moved, ruleOf, typedOf } from './rules'

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

// Criterion: WEB-OP-POLICY-4
test('what a change makes of the rules in force is known by their numbers', () => {
  const rule = (number: number, mostUsd: number): Rule => ({ number, verb: 'allow', mostUsd })
  const before = [rule(1, 10), rule(2, 20), rule(3, 30)]
  const marks = marksOf(before, [rule(4, 5), rule(1, 10), rule(2, 50)])
  expect([...marks.fresh]).toEqual([4])
  expect([...marks.changed]).toEqual([[2, rule(2, 20)]])
  expect(marks.gone).toEqual([rule(3, 30)])
  expect(marks.isReordered).toBe(false)
  const turned = marksOf(before, [rule(2, 20), rule(1, 10), rule(3, 30)])
  expect([turned.isReordered, turned.changed.size, turned.gone]).toEqual([true, 0, []])
})
