import { expect, test } from 'vitest'
import { hasPassed } from './Expected'

// Criterion: WEB-STATUS-LATE-1
test('a time that was told and lies behind has passed', () => {
  expect([hasPassed('1000', 1000), hasPassed('1001', 1000), hasPassed('', 1000)]).toEqual([
    true,
    false,
    false,
  ])
})
