import type { UnsignedPayment } from './rows'

/** Payments of one lane that nobody has let go. */
export interface LaneOf {
  /** Of the network: `ERC20` of `USDT-ERC20`. */
  chain: string
  lane: string
  wdIds: string[]
}

/** As many as one proposal may name. */
const AT_ONCE = 100

/** Those that may be let go, by network and lane; one account may pay on several networks. */
export function byLane(payments: readonly UnsignedPayment[]): LaneOf[] {
  const found = new Map<string, LaneOf>()
  for (const { wdId, chain, lane, letGo } of payments) {
    if (letGo || !lane) continue
    const network = chain.slice(chain.indexOf('-') + 1)
    const key = `${network} ${lane}`
    const known = found.get(key) ?? { chain: network, lane, wdIds: [] }
    if (known.wdIds.length < AT_ONCE) known.wdIds.push(wdId)
    found.set(key, known)
  }
  return [...found.values()]
}
