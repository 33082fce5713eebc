import { expect, test } from 'vitest'
import { type Instrument, withStates } from './instruments'

const pairs = ['BTC-USDT', 'ETH-USDT'].map((instId) => ({ instId, state: 'live' }) as Instrument)

// Criterion: WEB-FORM-4
test('a pushed state is taken over, and nothing changes where it is the same', () => {
  const stopped = withStates(pairs, [{ instId: 'ETH-USDT', state: 'suspend' }])
  expect(stopped.map(({ state }) => state)).toEqual(['live', 'suspend'])
  expect(stopped[0]).toBe(pairs[0])
  expect(withStates(pairs, [{ instId: 'BTC-USDT', state: 'live' }])).toBe(pairs)
})
