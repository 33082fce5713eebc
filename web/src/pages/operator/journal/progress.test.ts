import { expect, test } from 'vitest'
import type { Replay } from '../rows'
import { shareOf } from './progress'

// Criterion: WEB-OP-JOURNAL-1
test.each([
  ['running', '1', '0', '101', 0],
  ['running', '1', '51', '101', 0.5],
  ['running', '1', '101', '101', 1],
  ['done', '7', '7', '7', 1],
  ['failed', '7', '0', '7', 0],
])('%s from %s at %s of %s is %d', (state, from, reached, target, share) => {
  expect(shareOf({ state, from, reached, target } as Replay)).toBe(share)
})
