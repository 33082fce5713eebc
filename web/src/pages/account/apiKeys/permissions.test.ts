import { expect, test } from 'vitest'
import { addressList, permissionsOf, withPermission } from './permissions'

// Criterion: WEB-ACCT-KEYS-1
test('permissions keep their order, and reading stays', () => {
  expect(withPermission('read_only', 'withdraw', true)).toBe('read_only,withdraw')
  expect(withPermission('read_only,withdraw', 'trade', true)).toBe('read_only,trade,withdraw')
  expect(withPermission('read_only,trade', 'trade', false)).toBe('read_only')
  expect(withPermission('read_only', 'read_only', false)).toBe('read_only')
  expect(permissionsOf('trade,unknown')).toEqual(['trade'])
})

// Criterion: WEB-ACCT-KEYS-1
test.each([
  ['', ''],
  [' 192.0.2.1 , 198.51.100.0/24\n2001:db8::1;', '192.0.2.1,198.51.100.0/24,2001:db8::1'],
])('%j lists %j', (text, list) => {
  expect(addressList(text)).toBe(list)
})
