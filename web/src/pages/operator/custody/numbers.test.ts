import { expect, test } from 'vitest'
import { breaks, percent } from './numbers'
import type { Compared } from './rows'

// Criterion: WEB-OP-CUST-1
test('only what differs is a break', () => {
  const line = (difference: string) => ({ difference }) as Compared
  expect(breaks([line('0'), line('-9'), line('0.00000001')]).map((one) => one.difference)).toEqual([
    '-9',
    '0.00000001',
  ])
})

test('a share is a percentage, and nothing of nothing', () => {
  expect([percent('0.0512'), percent('1.0000'), percent('')]).toEqual(['5.1%', '100.0%', ''])
})
