import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { persistent } from './persistent'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

// Criterion: WEB-ORDERS-3
test('what failed is asked for again by itself, each time later', async () => {
  const ask = vi.fn<() => Promise<string>>()
  ask.mockRejectedValueOnce(new Error('busy')).mockRejectedValueOnce(new Error('busy'))
  ask.mockResolvedValue('orders')
  const answer = persistent(ask, () => true)
  await vi.advanceTimersByTimeAsync(999)
  expect(ask).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(ask).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(1_999)
  expect(ask).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(1)
  expect(await answer).toBe('orders')
})

// Criterion: WEB-ORDERS-3
test('what nobody waits for any more is not asked for again', async () => {
  let isWanted = true
  const ask = vi.fn().mockRejectedValue(new Error('away'))
  const answer = persistent(ask, () => isWanted)
  await vi.advanceTimersByTimeAsync(0)
  isWanted = false
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await answer).toBeNull()
  expect(ask).toHaveBeenCalledTimes(1)
})
