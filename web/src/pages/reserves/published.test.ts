import { expect, test } from 'vitest'
import {
  type AssetRow,
  covers,
  coversWithLeaving,
  isCovered,
  owedOwn,
  type Statement,
} from './published'

const row = (reserves: string, leaving: string): AssetRow => ({
  symbol: 'BTC',
  decimals: 8,
  claims: '1000',
  house: '0',
  users: '1000',
  reserves,
  shortfall: '0',
  ratio: '1.0000',
  leaving,
})

const statement = (assets: AssetRow[]): Statement => ({
  epoch: 1,
  ts: 1,
  expires: 2,
  exchange: '',
  reserves: { read: 1, evidence: '', chains: [] },
  assets,
})

// Criterion: POR-RESERVES-4
test('what is on its way covers a quarter of what is owed at most, and is told apart', () => {
  for (const [reserves, leaving, isCovered, isApart] of [
    ['1000', '0', true, false],
    ['999', '0', false, false],
    ['750', '250', true, true],
    ['749', '251', false, false],
    ['1000', '900', true, false],
  ] as const) {
    const one = row(reserves, leaving)
    expect([covers(one), coversWithLeaving(one)]).toEqual([isCovered, isApart])
  }
})

// Criterion: POR-RESERVES-5
test('more than a quarter covers as far as it was there before, and is there no more', () => {
  for (const [was, isCovered] of [
    ['1000', true],
    ['750', true],
    ['749', false],
    ['400', false],
  ] as const) {
    expect(covers({ ...row('400', '600'), was })).toBe(isCovered)
  }
})

// Criterion: POR-PIT-15
test("the exchange's own token covers nothing, and makes nothing else red", () => {
  const own = { ...row('0', '0'), symbol: 'OWN', own: 1 }
  expect(covers(own)).toBe(false)
  expect(isCovered(statement([row('1000', '0'), own]))).toBe(true)
  expect(isCovered(statement([row('999', '0'), own]))).toBe(false)
  expect(owedOwn(statement([row('1000', '0'), own]))).toEqual(['OWN'])
  expect(owedOwn(statement([row('1000', '0'), { ...own, users: '0' }]))).toEqual([])
})
