import { expect, test } from 'vitest'
import { activeOf } from './keys'

// Criterion: WEB-ACCT-KEYS-4
test('a key whose end has passed is not counted as active', () => {
  const rows = [{ endsTs: '' }, {}, { endsTs: '1000' }, { endsTs: '1001' }]
  expect(activeOf(rows, 999)).toHaveLength(4)
  expect(activeOf(rows, 1000)).toEqual([{ endsTs: '' }, {}, { endsTs: '1001' }])
})
