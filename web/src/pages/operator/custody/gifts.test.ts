import { expect, test } from 'vitest'
import { giftsOf } from './gifts'
import type { Reconciliation } from './rows'

// Criterion: WEB-OP-RECON-3
test('strangers\u2019 coins stand one by one, several of a sum behind what books them all', () => {
  const one = (ccy: string, amt: string) => ({
    tier: 'hot',
    ccy,
    amt,
    height: '9',
    txId: `tx of ${amt}`,
    command: `book ${amt}`,
  })
  const sum = (ccy: string, amt: string, count: string) => ({
    tier: 'hot',
    ccy,
    amt,
    count,
    command: `book all ${ccy}`,
  })
  const found = {
    unaskedSums: [sum('BTC', '5', '2'), sum('ETH', '7', '1'), sum('XRP', '0', '3')],
    unasked: [one('BTC', '3'), one('ETH', '7'), one('BTC', '2')],
  } as Reconciliation
  expect(giftsOf(found).map(({ command, count, txId }) => [command, count, txId])).toEqual([
    ['book all BTC', 2, ''],
    ['book 3', 1, 'tx of 3'],
    ['book 2', 1, 'tx of 2'],
    ['book 7', 1, 'tx of 7'],
  ])
})
