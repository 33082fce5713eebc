import { expect, test } from 'vitest'
import { linesOf } from './fields'

// Criterion: WEB-OP-LEDGER-1
test('nested fields become lines, whatever they hold', () => {
  const fields = {
    gateway: '1',
    payload: { Correct: { account: { owner: '7' }, legs: ['a', { b: '<img src=x>' }] } },
    empty: [],
    label: '',
    on: true,
  }
  expect(linesOf(fields)).toEqual([
    ['gateway', '1'],
    ['payload.Correct.account.owner', '7'],
    ['payload.Correct.legs[0]', 'a'],
    ['payload.Correct.legs[1].b', '<img src=x>'],
    ['empty', '[]'],
    ['label', '""'],
    ['on', 'true'],
  ])
})
