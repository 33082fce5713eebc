import { expect, test } from 'vitest'
import {
  delistingPhases,
  maintenancePhases,
  networkPhases,
  noticesMs,
  phaseAt,
  withUsualTimes,
} from './phases'

const DAY_MS = 86_400_000

// Criterion: WEB-OP-CAL-1
test('a window stops orders and cancels, then takes post-only ones, and ends as it began', () => {
  const phases = maintenancePhases({ beginTs: '100', preopenTs: '200', endTs: '300' })
  expect(phases.map(({ id, fromMs, orders, cancels }) => [id, fromMs, orders, cancels])).toEqual([
    ['before', 0, 'yes', 'yes'],
    ['closed', 100, 'no', 'no'],
    ['preopen', 200, 'postOnly', 'yes'],
    ['open', 300, 'yes', 'yes'],
  ])
  expect(new Set(phases.flatMap(({ deposits, withdrawals }) => [deposits, withdrawals]))).toEqual(
    new Set(['yes']),
  )
  expect([99, 100, 250, 300].map((now) => phaseAt(phases, now)?.id)).toEqual([
    'before',
    'closed',
    'preopen',
    'open',
  ])
})

// Criterion: WEB-OP-CAL-2
test('on a network all wait, then withdrawals alone, and orders never', () => {
  const terms = { beginTs: '100', preopenTs: '200', endTs: '300' }
  const phases = networkPhases(terms)
  expect(
    phases.map(({ id, fromMs, deposits, withdrawals }) => [id, fromMs, deposits, withdrawals]),
  ).toEqual([
    ['before', 0, 'yes', 'yes'],
    ['netClosed', 100, 'wait', 'wait'],
    ['netPreopen', 200, 'yes', 'wait'],
    ['netOpen', 300, 'yes', 'yes'],
  ])
  expect(new Set(phases.flatMap(({ orders, cancels }) => [orders, cancels]))).toEqual(
    new Set(['yes']),
  )
  expect(networkPhases({ ...terms, preopenTs: '' }).map(({ id }) => id)).toEqual([
    'before',
    'netClosed',
    'netOpen',
  ])
  expect(networkPhases({ ...terms, endTs: '' })).toEqual([])
})

// Criterion: WEB-OP-CAL-1
test('without a pre-opening there is none, and without times there is nothing to show', () => {
  const bare = { beginTs: '100', preopenTs: '', endTs: '300' }
  expect(maintenancePhases(bare).map(({ id }) => id)).toEqual(['before', 'closed', 'open'])
  expect(maintenancePhases({ ...bare, endTs: '' })).toEqual([])
  expect(delistingPhases({ depositsTs: '', tradingTs: '', withdrawalsTs: '' })).toEqual([])
})

// Criterion: WEB-OP-CAL-1
test('a delisting ends deposits a week before and withdrawals 90 days after its trading', () => {
  const at = 100 * DAY_MS
  const terms = withUsualTimes({ depositsTs: '', tradingTs: String(at), withdrawalsTs: '' })
  expect(delistingPhases(terms).map(({ id, fromMs }) => [id, fromMs / DAY_MS])).toEqual([
    ['before', 0],
    ['noDeposits', 93],
    ['noTrading', 100],
    ['ended', 190],
  ])
  const after = delistingPhases(terms).map(({ withdrawals }) => withdrawals)
  expect(after).toEqual(['yes', 'yes', 'yes', 'no'])
  expect(noticesMs(terms.withdrawalsTs, 140 * DAY_MS).map((ms) => ms / DAY_MS)).toEqual([
    140, 160, 183, 189,
  ])
})
