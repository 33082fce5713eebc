import { expect, test } from 'vitest'
import { lookAlike } from './lookAlike'

const KNOWN = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const COIN = 'ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9'

// Criterion: WEB-FUNDS-LOOKALIKE-1
test.each([
  ['0x709aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9C8', KNOWN],
  ['0X709AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA9c8', KNOWN],
  ['ltc1qw50aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa4n9', COIN],
])('%s may be taken for %s', (made, known) => {
  expect(lookAlike(made, [COIN, KNOWN])).toBe(known)
})

// Criterion: WEB-FUNDS-LOOKALIKE-1
test.each([
  ['itself', KNOWN],
  ['itself in other letters', KNOWN.toLowerCase()],
  ['another end', '0x709aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9C7'],
  ['another beginning', '0x719aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9C8'],
  ['too short to tell', '0x709'],
  ['the same network alone', 'ltc1qaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
])('%s is nothing to warn of', (_what, address) => {
  expect(lookAlike(address, [COIN, KNOWN])).toBeUndefined()
})
