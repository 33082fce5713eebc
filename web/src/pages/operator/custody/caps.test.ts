import { expect, test } from 'vitest'
import type { Rule } from '../policy/rows'
import { isCapped, lettingOut, namesNone } from './caps'

const RULES: Rule[] = [
  { number: 1, verb: 'block', categories: ['sanctioned'] },
  { number: 2, verb: 'allow', sources: [1], velocityUsd: 50_000, windowMs: 86_400_000 },
  { number: 3, verb: 'approve', group: 1, needed: 2, sources: [2, 3], mostUsd: 1_000_000 },
  { number: 4, verb: 'approve', group: 1, needed: 3 },
]

// Criterion: WEB-OP-CAPS-1
test('of each tier the rules that let out of it are shown, in their order', () => {
  const numbers = (tier: 'hot' | 'warm' | 'cold') =>
    lettingOut(RULES, tier).map(({ number }) => number)
  expect([numbers('hot'), numbers('warm'), numbers('cold')]).toEqual([
    [2, 4],
    [3, 4],
    [3, 4],
  ])
})

// Criterion: WEB-OP-CAPS-1
test('a rule without amount or share has no cap, and a policy may name no tier', () => {
  expect(RULES.map(isCapped)).toEqual([false, true, true, false])
  expect([namesNone(RULES), namesNone([])]).toEqual([false, true])
})
