import { expect, test } from 'vitest'
import {
  breaks,
  isBroken,
  isOld,
  percent,
  totals,
  unknowns,
  verdict,
  worthShowing,
} from './numbers'
import type { Compared, Reconciliation } from './rows'

// Criterion: WEB-OP-CUST-1
test('only what differs is a break', () => {
  const line = (difference: string) => ({ difference }) as Compared
  expect(breaks([line('0'), line('-9'), line('0.00000001')]).map((one) => one.difference)).toEqual([
    '-9',
    '0.00000001',
  ])
})

test('what rounding comes to is no break', () => {
  const broken = (one: string) => isBroken({ break: one, tolerance: '0.0005' })
  expect(['0', '-0.00000001', '0.0005', '-0.0005'].map(broken)).toEqual(Array(4).fill(false))
  expect(['0.00050001', '-0.00050001', '-9'].map(broken)).toEqual(Array(3).fill(true))
})

test('what there is nothing of is left out, and a break stands first', () => {
  const line = (tier: string, ledger: string, chain: string, difference = '0') =>
    ({ tier, ledger, chain, difference }) as Compared
  const lines = [line('warm', '0', '0'), line('hot', '5', '5'), line('cold', '0', '0', '-1')]
  expect(worthShowing(lines).map(({ tier }) => tier)).toEqual(['cold', 'hot'])
})

test('a share is a percentage, and nothing of nothing', () => {
  expect([percent('0.0512'), percent('1.0000'), percent('')]).toEqual(['5.1%', '100.0%', ''])
})

// Criterion: WEB-OP-RECON-1
test('currencies are summed over networks and tiers, those with breaks first', () => {
  const line = (ccy: string, ledger: string, chain: string, difference = '0') =>
    ({ ccy, ledger, chain, difference }) as Compared
  const lines = [
    [line('BTC', '0.1', '0.1'), line('ETH', '2', '3', '1'), line('BTC', '0.20000001', '0.2')],
    [line('ADA', '1', '1'), line('ETH', '1', '1')],
  ]
  const of = (each: Compared[], at: number) =>
    ({ lines: each, state: at ? 'unknown' : 'compared' }) as Reconciliation
  expect(totals(lines.map(of))).toEqual([
    { ccy: 'ETH', ledger: '3', chain: '4', breaks: 1, isNow: false },
    { ccy: 'ADA', ledger: '1', chain: '1', breaks: 0, isNow: false },
    { ccy: 'BTC', ledger: '0.30000001', chain: '0.3', breaks: 0, isNow: true },
  ])
})

// Criterion: WEB-OP-RECON-2
test('what is not known of now never looks as if it agreed', () => {
  const of = (state: string, alarm = false, difference = '0') =>
    ({ state, alarm, lines: [{ difference }] }) as Reconciliation
  const alarms = unknowns([of('compared'), of('never'), of('unknown'), of('unknown', true)])
  expect(alarms.map(({ alarm }) => alarm)).toEqual([false, true])
  expect(verdict([of('unknown'), of('never')])).toBe('plain')
  expect(verdict([of('unknown'), of('compared')])).toBe('plain')
  expect(verdict([of('never'), of('compared')])).toBe('good')
  expect(verdict([of('unknown', false, '-1'), of('compared')])).toBe('bad')
})

// Criterion: WEB-OP-RECON-1
test('a comparison of more than half an hour ago is old', () => {
  const compared = { ts: '1000' } as Reconciliation
  expect([isOld(compared, 1_801_000), isOld(compared, 1_801_001)]).toEqual([false, true])
})
