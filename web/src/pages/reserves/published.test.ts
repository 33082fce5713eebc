import { expect, test } from 'vitest'
import { type AssetRow, covers, coversWithLeaving } from './published'

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
