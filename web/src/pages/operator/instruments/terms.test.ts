import { expect, test } from 'vitest'
import { bandText, changed, looser, percentText, ticksText, tighter } from './terms'

// Criterion: WEB-OP-TERMS-1
test('stopping goes one way and resuming the other', () => {
  expect(tighter('post_only')).toEqual(['cancel_only', 'suspend', 'preopen'])
  expect(looser('post_only')).toEqual(['live'])
  expect(looser('live')).toEqual([])
  expect(tighter('preopen')).toEqual([])
})

// Criterion: WEB-OP-TERMS-1
test('only what differs is proposed', () => {
  const before = { lotSz: '0.0001', minSz: '0.001', ticks: '0:0.1, 100000:0.5' }
  expect(changed(before, { ...before, lotSz: '0.00010', ticks: '0:0.1,100000:0.5' })).toEqual({})
  expect(changed(before, { ...before, minSz: '0.002' })).toEqual({ minSz: '0.002' })
  expect(changed(before, { ...before, minSz: 'nonsense' })).toEqual({ minSz: 'nonsense' })
})

// Criterion: WEB-OP-TERMS-1
test('terms are shown as people read them', () => {
  expect(ticksText([{ fromPx: '0', tickSz: '0.1' }])).toBe('0.1')
  expect(percentText('0.0015')).toBe('0.15%')
  expect(percentText('-0.0001')).toBe('-0.01%')
  expect([bandText('0.1'), bandText('0'), bandText('')]).toEqual(['±10%', '–', '–'])
})
