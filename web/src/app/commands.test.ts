import { expect, test } from 'vitest'
import { matching } from './commands'

const commands = ['Cancel all orders', 'BTC/USDT', 'ETH/BTC', 'Buy', 'Log out'].map((name) => ({
  name,
  run: () => {},
}))

// Criterion: WEB-KEYS-1
test.each([
  ['btc', ['BTC/USDT', 'ETH/BTC']],
  ['eth btc', ['ETH/BTC']],
  ['btc-usdt', ['BTC/USDT']],
  ['orders cancel', ['Cancel all orders']],
  ['nothing', []],
])('"%s" finds %o', (words, names) => {
  expect(matching(commands, words).map(({ name }) => name)).toEqual(names)
})
