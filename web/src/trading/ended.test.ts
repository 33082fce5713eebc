import { expect, test } from 'vitest'
import { endedBy } from './ended'

// Criterion: WEB-ORDERS-2
test.each([
  ['canceled', '31', 'ended.31'],
  ['canceled', '14', 'ended.14'],
  ['canceled', '1', null],
  ['canceled', '', null],
  ['filled', '', null],
] as const)('an order that is %s by source "%s" says %s', (state, cancelSource, said) => {
  expect(endedBy({ state, cancelSource })).toBe(said)
})
