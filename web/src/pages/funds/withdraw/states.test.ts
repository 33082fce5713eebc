import { expect, test } from 'vitest'
import { isAllSent, stateKey, type Withdrawal } from './withdrawals'

const NONE = { xFeeNow: '', xWait: '', xParentWdId: '' }

// Criterion: POL-38, SUS-DRAIN-18, CUST-REST-20, CUST-REST-22
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
  ['byContract', { state: '-1', xReason: '92013' }],
  ['feeRose', { state: '0', xFeeNow: '1' }],
])('a withdrawal is %s', (key, row) => {
  expect(stateKey({ ...NONE, ...row } as Withdrawal)).toBe(`withdraw.state.${key}`)
})

// Criterion: SUS-DRAIN-18
test.each([
  [false, { state: '0', amt: '103.5', xPaidAmt: '0', xLeftAmt: '120' }],
  [false, { state: '0', amt: '12', xPaidAmt: '108', xLeftAmt: '12' }],
  [true, { state: '1', amt: '12', xPaidAmt: '120', xLeftAmt: '0' }],
  [true, { state: '15', amt: '12', xPaidAmt: '120', xLeftAmt: '0.00' }],
  [true, { state: '-2', amt: '12', xPaidAmt: '108', xLeftAmt: '0' }],
])('all of it is sent: %s', (isAll, row) => {
  expect(isAllSent({ ...NONE, ...row } as Withdrawal)).toBe(isAll)
})
