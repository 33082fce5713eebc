import { expect, test } from 'vitest'
import { spread } from './checking'
import { fileOf, type Receipt, receiptOf, superfluous } from './receipts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = 1_790_000_000_000

const at = (ts: number, epoch: number, signature = 'aa'): Receipt => ({
  uid: '7',
  epoch,
  ts,
  signature,
  text: `{"epoch":${epoch}}`,
})

/** One each minute until now. */
const minutes = (count: number) =>
  Array.from({ length: count }, (_, n) => at(NOW - (count - n) * MINUTE, n + 1))

test('the newest twenty are kept, whatever their age', () => {
  expect(superfluous(minutes(20), NOW)).toEqual([])
})

test('one an hour is kept for a day, then one a day', () => {
  let kept = minutes(3 * 24 * 60)
  const gone = new Set(superfluous(kept, NOW))
  kept = kept.filter((one) => !gone.has(one))
  const young = kept.filter(({ ts }) => NOW - ts < 24 * HOUR)
  const hours = new Set(young.map(({ ts }) => Math.floor(ts / HOUR)))
  expect(young.length).toBeLessThanOrEqual(hours.size + 20)
  expect(kept.length - young.length).toBeLessThanOrEqual(3)
  expect(superfluous(kept, NOW)).toEqual([])
})

test('what is kept does not fade away as receipts are added one by one', () => {
  let kept: Receipt[] = []
  for (const one of minutes(26 * 60)) {
    kept.push(one)
    const gone = new Set(superfluous(kept, one.ts))
    kept = kept.filter((each) => !gone.has(each))
  }
  expect(kept[0]?.epoch).toBe(1)
  expect(kept.length).toBeGreaterThan(40)
})

test('two statements of one epoch are both kept for ever', () => {
  const twins = [at(NOW - 9 * HOUR, 1, 'aa'), at(NOW - 9 * HOUR, 1, 'bb')]
  expect(superfluous([...twins, ...minutes(60).slice(1)], NOW)).not.toContain(twins[1])
})

test('a bundle becomes a receipt, and receipts one file', () => {
  const text = '{"statement":{"epoch":3,"ts":5},"signature":"ab"}'
  const receipt = receiptOf('7', text)
  expect(receipt).toEqual({ uid: '7', epoch: 3, ts: 5, signature: 'ab', text })
  expect(JSON.parse(fileOf([receipt, receipt])).receipts).toHaveLength(2)
})

test('of many receipts the first and the last are among those that are checked', () => {
  const all = Array.from({ length: 100 }, (_, n) => n)
  const some = spread(all, 30)
  expect(some).toHaveLength(30)
  expect([some[0], some[29]]).toEqual([0, 99])
  expect(new Set(some).size).toBe(30)
  expect(spread(all.slice(0, 3), 30)).toEqual([0, 1, 2])
})
