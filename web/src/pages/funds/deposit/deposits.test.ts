import { expect, test } from 'vitest'
import { isTakenBack } from './deposits'

// Criterion: CUST-REST-20
test.each([
  [true, { state: '-1', xOwed: '' }],
  [true, { state: '0', xOwed: '0.4' }],
  [false, { state: '0', xOwed: '' }],
  [false, { state: '2' }],
] as const)('it is %s that a chain took it back', (is, row) => {
  expect(isTakenBack(row)).toBe(is)
})
