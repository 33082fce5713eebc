import { expect, test } from 'vitest'
import { byLane } from './lanes'
import type { UnsignedPayment } from './rows'

function payment(wdId: string, chain: string, lane: string, letGo = false): UnsignedPayment {
  return {
    wdId,
    chain,
    lane,
    letGo,
    ccy: '',
    amt: '1',
    problem: '',
    why: 'signers',
    boundTs: '0',
  }
}

test('payments of one lane are let go together, on each network by itself', () => {
  const rows = [
    payment('1', 'USDT-ERC20', '0xA'),
    payment('2', 'ETH-ERC20', '0xA'),
    payment('3', 'USDT-ERC20', '0xB'),
    payment('4', 'USDT-BEP20', '0xA'),
    payment('5', 'USDT-ERC20', '0xA', true),
    payment('6', 'BTC-Bitcoin', ''),
  ]
  expect(byLane(rows)).toEqual([
    { chain: 'ERC20', lane: '0xA', wdIds: ['1', '2'] },
    { chain: 'ERC20', lane: '0xB', wdIds: ['3'] },
    { chain: 'BEP20', lane: '0xA', wdIds: ['4'] },
  ])
})

test('a proposal names no more than a hundred', () => {
  const rows = Array.from({ length: 120 }, (_, at) => payment(String(at), 'USDT-ERC20', '0xA'))
  expect(byLane(rows)[0]?.wdIds).toHaveLength(100)
})
