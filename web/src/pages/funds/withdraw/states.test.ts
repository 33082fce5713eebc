import { expect, test } from 'vitest'
import { stateKey, type Withdrawal } from './withdrawals'

const NONE = { xFeeNow: '', xWait: '', xParentWdId: '' }

// Criterion: POL-38, SUS-DRAIN-18, CUST-REST-20
test.each([
  ['canceled', { state: '-2' }],
  ['cameBack', { state: '-2', xParentWdId: '7' }],
  ['done', { state: '2', xParentWdId: '7' }],
  ['queued', { state: '0' }],
  ['review', { state: '4' }],
  ['review2', { state: '5' }],
  ['compliance', { state: '12' }],
  ['review', { state: '9' }],
  ['confirm', { state: '0', xWait: 'confirm' }],
  ['failed', { state: '-1', xReason: '58207' }],
  ['stopped', { state: '-1', xReason: '58204' }],
  ['feeRose', { state: '0', xFeeNow: '1' }],
])('a withdrawal is %s', (key, row) => {
  expect(stateKey({ ...NONE, ...row } as Withdrawal)).toBe(`withdraw.state.${key}`)
})
