import { expect, test } from 'vitest'
import { addressFault } from './shape'

const ACCOUNT = '0x52908400098527886E0F7030069857D2E4169EE7'

// Criterion: WEB-FUNDS-ADDRESS-2
test.each([
  ACCOUNT,
  ` ${ACCOUNT.toLowerCase()} `,
  'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry',
  '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
])('%s is left to the exchange', (text) => {
  expect(addressFault(text)).toBeUndefined()
})

// Criterion: WEB-FUNDS-ADDRESS-2
test.each([
  'nonsense',
  '0x70',
  `${ACCOUNT}0`,
  ACCOUNT.slice(0, -1),
  'to my friend, who trades a lot',
])('%s is no address of any network', (text) => {
  expect(addressFault(text)).toBe('refusal.58222')
})

// Criterion: WEB-FUNDS-ADDRESS-2
test('nothing typed is asked for', () => {
  expect(addressFault(' ')).toBe('form.required')
})
