import Big from 'big.js'
import type { Balances } from '~/trading/account'
import type { Funding } from './funding'

const DOLLARS: readonly string[] = ['USDT', 'USDC', 'USD']

/** A currency over both accounts. */
export interface Asset {
  ccy: string
  trading: Big
  funding: Big
  held: Big
  /** In dollars at the last prices; 0 where there is none. */
  worth: number
}

/** Last prices by pair; '' of one that was never traded. */
export type Prices = ReadonlyMap<string, string>

/** All currencies that something is held of, the most valuable first. */
export function assetsOf(
  balances: Balances | null,
  funding: Funding[] | undefined,
  prices: Prices,
): Asset[] {
  const names = new Set([...(balances?.keys() ?? []), ...(funding ?? []).map(({ ccy }) => ccy)])
  const assets = [...names].map((ccy) => {
    const balance = balances?.get(ccy)
    const trading = new Big(balance?.cashBal || '0')
    const inFunding = new Big(funding?.find((row) => row.ccy === ccy)?.bal || '0')
    const price =
      (trading.gt(0) && Number(balance?.eqUsd || 0) / Number(trading)) || priceOf(ccy, prices)
    const all = Number(trading.plus(inFunding))
    const held = new Big(balance?.ordFrozen || '0')
    return { ccy, trading, funding: inFunding, held, worth: all * price }
  })
  return assets
    .filter(({ trading, funding: other }) => trading.plus(other).gt(0))
    .sort((one, other) => other.worth - one.worth || (one.ccy < other.ccy ? -1 : 1))
}

/** As `asset/asset-valuation` has it: a dollar coin is a dollar, others go by a pair with one. */
function priceOf(ccy: string, prices: Prices): number {
  if (DOLLARS.includes(ccy)) return 1
  const lasts = DOLLARS.map((dollar) => Number(prices.get(`${ccy}-${dollar}`) || 0))
  return lasts.find((last) => last > 0) ?? 0
}
