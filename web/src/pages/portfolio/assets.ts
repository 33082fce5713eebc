import Big from 'big.js'
import type { Balances } from '~/trading/account'
import type { Funding } from './funding'

/** A currency over both accounts. */
export interface Asset {
  ccy: string
  trading: Big
  funding: Big
  held: Big
  /** In dollars at the last prices; 0 where there is none. */
  worth: number
}

/** All currencies that something is held of, the most valuable first. */
export function assetsOf(balances: Balances | null, funding: Funding[] | undefined): Asset[] {
  const names = new Set([...(balances?.keys() ?? []), ...(funding ?? []).map(({ ccy }) => ccy)])
  const assets = [...names].map((ccy) => {
    const balance = balances?.get(ccy)
    const trading = new Big(balance?.cashBal || '0')
    const inFunding = new Big(funding?.find((row) => row.ccy === ccy)?.bal || '0')
    const price = trading.gt(0) ? Number(balance?.eqUsd || 0) / Number(trading) : priceOf(ccy)
    const all = Number(trading.plus(inFunding))
    const held = new Big(balance?.ordFrozen || '0')
    return { ccy, trading, funding: inFunding, held, worth: all * price }
  })
  return assets
    .filter(({ trading, funding: other }) => trading.plus(other).gt(0))
    .sort((one, other) => other.worth - one.worth || (one.ccy < other.ccy ? -1 : 1))
}

function priceOf(ccy: string): number {
  return ccy === 'USDT' || ccy === 'USDC' ? 1 : 0
}
