import { expect, test } from 'vitest'
import {
  courseOf,
  deedsOf,
  gateLook,
  lacksOf,
  leftText,
  mayRatify,
  maySignOff,
  nextOf,
  paidShare,
} from './course'
import type { BudgetLine, Gate, WholeStop } from './rows'

const GATES = ['G1', 'G4', 'G5'].map((gate) => ({ gate })) as Gate[]
const LINES = ['0', '2'].map((count) => ({ count })) as BudgetLine[]
const STOP = {
  state: 'active',
  actions: ['withdraw'],
  ratified: true,
  gates: GATES,
  lines: LINES,
} as WholeStop

// Criterion: WEB-OP-SUS-2
test('each state offers what leads on, and the way back to the stop', () => {
  const first = (state: string) => nextOf(deedsOf({ ...STOP, state }))
  expect(
    ['active', 'reopen_planned', 'gate_check', 'canary', 'draining', 'lifted'].map(first),
  ).toEqual(['plan', 'check', 'show', 'open-drain', 'tick', 'report'])
  for (const state of ['reopen_planned', 'gate_check', 'canary', 'draining']) {
    expect(deedsOf({ ...STOP, state })).toContain('fall')
  }
  expect(deedsOf({ ...STOP, state: 'reported' })).toEqual([])
})

test('what stops no withdrawals is lifted from its gates', () => {
  const other = { ...STOP, actions: ['trade_open'], state: 'gate_check' }
  expect(deedsOf(other)).toContain('lift')
  expect(deedsOf(other)).not.toContain('canary')
  expect(courseOf(other)).not.toContain('draining')
  expect(courseOf({ ...STOP, actions: ['api_withdraw'] })).toContain('draining')
})

// Criterion: WEB-OP-SUS-6
test('where nobody waits the drain is opened from the gates, and else a canary is named', () => {
  const on = (more: Partial<WholeStop>) =>
    deedsOf({ ...STOP, state: 'gate_check', ...more }).filter((deed) =>
      ['canary', 'open-drain'].includes(deed),
    )
  expect(on({})).toEqual(['canary'])
  expect(on({ lines: [] })).toEqual(['open-drain'])
  expect(on({ lines: LINES.slice(0, 1) })).toEqual(['open-drain'])
  expect(on({ gates: [] })).toEqual(['open-drain'])
})

test('a stop by one asks to be ratified before all else', () => {
  expect(deedsOf({ ...STOP, ratified: false })[0]).toBe('ratify')
  expect(nextOf(deedsOf({ ...STOP, ratified: false }))).toBe('plan')
})

test('nobody is asked for a word that would not count', () => {
  const stop = { uid: '1', approvals: [{ uid: '2', ts: '' }], planner: '3', signOffUids: [] }
  expect(['1', '2', '3'].map((uid) => mayRatify(stop, uid))).toEqual([false, false, true])
  const signed = { planner: '3', signOffUids: [{ uid: '4', ts: '' }] }
  expect(['3', '4', '1'].map((uid) => maySignOff(signed, uid))).toEqual([false, false, true])
})

test('what is left of the hour is counted in seconds, up', () => {
  expect(leftText(3_600_000, 0)).toBe('60:00')
  expect(leftText(61_500, 1_000)).toBe('1:01')
  expect(leftText(1_000, 1_000)).toBe('')
})

test('a drain is shown by how much of it is paid, and a gate by its state', () => {
  expect(paidShare({ paid: '1', waiting: '3' })).toBe(0.25)
  expect(paidShare({ paid: '0', waiting: '0' })).toBe(1)
  expect([gateLook('passed'), gateLook('missing'), gateLook('expired')]).toEqual([
    'good',
    'plain',
    'bad',
  ])
})

// Criterion: WEB-OP-SUS-2
test('a step says what it rests on and is not there yet', () => {
  const gates = ['passed', 'waiting', 'missing'].map((state, at) => ({ gate: `G${at + 2}`, state }))
  const stop = {
    ...STOP,
    state: 'gate_check',
    gates: gates as Gate[],
    signOffUids: [{ uid: '2', ts: '' }],
    signOffsNeeded: '2',
    maxWaitTicks: '60',
    canaries: [
      { network: 'ERC20', wdId: '1', state: '2', waitsForPeople: false },
      { network: 'Bitcoin', wdId: '2', state: '1', waitsForPeople: false },
    ],
  } as WholeStop
  const first = lacksOf('canary', stop)
  expect(first.gates.map(({ gate }) => gate)).toEqual(['G3'])
  expect([first.needsSignOffs, first.chains]).toEqual([true, []])
  expect(lacksOf('open-drain', { ...stop, signOffsNeeded: '1' })).toEqual({
    ...first,
    needsSignOffs: false,
    chains: ['Bitcoin'],
  })
  expect(lacksOf('lift', stop).gates).toEqual(first.gates)
  for (const [deed, state] of [
    ['lift', 'draining'],
    ['fall', 'gate_check'],
  ] as const) {
    expect(lacksOf(deed, { ...stop, state })).toEqual({
      gates: [],
      needsSignOffs: false,
      chains: [],
    })
  }
})
