import { expect, test } from 'vitest'
import { type Bill, csvOf } from './bills'

function bill(over: Partial<Bill>): Bill {
  return {
    billId: '7',
    ccy: 'BTC',
    balChg: '-0.5',
    bal: '1.5',
    type: '2',
    subType: '2',
    instId: 'BTC-USDT',
    ordId: '1',
    fee: '0',
    px: '40000',
    sz: '0.5',
    ts: '1700000000000',
    ...over,
  }
}

// Criterion: WEB-BILLS-1
test('bills become lines with their time and what they were', () => {
  const lines = csvOf([bill({})], () => 'Sell').split('\r\n')
  expect(lines[0]).toMatch(/^time,ts,billId,ccy,balChg/)
  expect(lines[1]).toBe(
    '2023-11-14T22:13:20.000Z,1700000000000,7,BTC,-0.5,1.5,2,2,BTC-USDT,40000,0.5,0,Sell',
  )
})

// Criterion: WEB-BILLS-1
test('commas and quotes are kept, formulas are text', () => {
  const [, line] = csvOf([bill({ instId: '=HYPERLINK("x")' })], () => 'a, "b"').split('\r\n')
  expect(line).toContain('"\'=HYPERLINK(""x"")"')
  expect(line?.endsWith('"a, ""b"""')).toBe(true)
})
