import Big from 'big.js'
import type { MessageKey, Values } from '~/i18n'
import type { Instrument } from '~/market/instruments'
import { floorTo, parsed, plain, trimmed } from '~/market/numbers'
import type { Standing } from '~/pages/account/standing'
import { mayRest, type OrderType } from '~/trading/orders'
import type { Placement } from '~/trading/placing'

/** What stands in the order form, as it was typed. */
export interface Draft {
  side: 'buy' | 'sell'
  ordType: OrderType
  px: string
  /** The size in the base currency; of a market buy in the quote currency where `inQuote`. */
  sz: string
  inQuote: boolean
}

/** What the form is checked against; null is not known. */
export interface Facts {
  instrument: Instrument
  bid: string | null
  ask: string | null
  /** What can be spent: quote currency for buys, base for sells. */
  available: string | null
  /** Shares of what is received, positive to pay. */
  fees: { maker: string; taker: string } | null
}

export interface Complaint {
  key: MessageKey
  values?: Values
}

export interface Checked {
  px: Complaint | null
  sz: Complaint | null
  /** In the quote currency; an estimate where the price is the market's. */
  total: Big | null
  fee: { amount: Big; currency: string } | null
  /** What would be sent; null while something is wrong or missing. */
  placement: Placement | null
}

export const UNPRICED: ReadonlySet<OrderType> = new Set(['market', 'optimal_limit_ioc'])

export function isInQuote({ ordType, side, inQuote }: Draft): boolean {
  return ordType === 'market' && side === 'buy' && inQuote
}

/** The price that an order would have about: its own, or that of the other side's best. */
export function priceOf(draft: Draft, facts: Facts): Big | null {
  if (!UNPRICED.has(draft.ordType)) {
    const px = parsed(draft.px)
    return px?.gt(0) ? px : null
  }
  const best = draft.side === 'buy' ? facts.ask : facts.bid
  return best ? new Big(best) : null
}

/** What is wrong with a draft, and what it comes to. */
export function check(draft: Draft, facts: Facts): Checked {
  const price = priceOf(draft, facts)
  const typed = parsed(draft.sz)
  const inQuote = isInQuote(draft)
  const size = inQuote && typed && price ? typed.div(price) : typed
  const total = inQuote ? typed : size && price ? size.times(price) : null
  const px = checkPrice(draft, facts)
  const sz = checkSize(draft, facts, typed) ?? checkFunds(draft, facts, { size: typed, total })
  const isReady = !px && !sz && typed?.gt(0) && (UNPRICED.has(draft.ordType) || price)
  return {
    px,
    sz,
    total,
    fee: feeOf(draft, facts, { size, total }),
    placement: isReady && typed ? placementOf(draft, facts, typed, price) : null,
  }
}

/** What says that a frozen account takes no order; null of others. */
export function frozenBy(standing: Standing | undefined): MessageKey | null {
  if (standing?.frozenBy.includes('exchange')) return 'standing.frozen'
  return standing?.frozenBy.length ? 'standing.frozenByMaster' : null
}

/** What a pair's state says against an order of a type; null where it is taken. */
export function stoppedBy(state: string, ordType: OrderType): MessageKey | null {
  if (state === 'suspend') return 'form.state.suspend'
  if (state === 'preopen') return 'form.state.preopen'
  return state === 'post_only' && ordType !== 'post_only' ? 'form.state.post_only' : null
}

function placementOf(draft: Draft, facts: Facts, size: Big, price: Big | null): Placement {
  return {
    instId: facts.instrument.instId,
    side: draft.side,
    ordType: draft.ordType,
    sz: plain(size),
    ...(UNPRICED.has(draft.ordType) || !price ? {} : { px: plain(price) }),
    inQuote: isInQuote(draft),
  }
}

function checkPrice({ ordType, px }: Draft, { instrument }: Facts): Complaint | null {
  if (UNPRICED.has(ordType) || px.trim() === '') return null
  const price = parsed(px)
  if (!price) return { key: 'form.noNumber' }
  if (price.lte(0)) return { key: 'form.positive' }
  if (!isMultiple(price, instrument.tickSz)) {
    return { key: 'form.priceStep', values: { step: instrument.tickSz } }
  }
  return null
}

function checkSize(draft: Draft, { instrument }: Facts, size: Big | null): Complaint | null {
  if (draft.sz.trim() === '') return null
  if (!size) return { key: 'form.noNumber' }
  if (size.lte(0)) return { key: 'form.positive' }
  if (isInQuote(draft)) return null
  const { baseCcy, lotSz, minSz } = instrument
  if (size.lt(minSz)) return { key: 'form.least', values: { size: minSz, currency: baseCcy } }
  if (!isMultiple(size, lotSz)) return { key: 'form.sizeStep', values: { step: lotSz } }
  const most = draft.ordType === 'market' ? instrument.maxMktSz : instrument.maxLmtSz
  if (size.gt(most)) return { key: 'form.most', values: { size: most, currency: baseCcy } }
  return null
}

function checkFunds(draft: Draft, facts: Facts, sums: Sums): Complaint | null {
  const { instrument, available } = facts
  const spent = draft.side === 'buy' ? sums.total : sums.size
  if (available === null || !spent || spent.lte(available)) return null
  const currency = draft.side === 'buy' ? instrument.quoteCcy : instrument.baseCcy
  return { key: 'form.insufficient', values: { available: trimmed(available), currency } }
}

interface Sums {
  size: Big | null
  total: Big | null
}

/** Fees are taken from what is received: at the maker's rate if it can only rest. */
function feeOf({ side, ordType }: Draft, { instrument, fees }: Facts, { size, total }: Sums) {
  const received = side === 'buy' ? size : total
  if (!fees || !received) return null
  const rate = ordType === 'post_only' ? fees.maker : fees.taker
  const currency = side === 'buy' ? instrument.baseCcy : instrument.quoteCcy
  return { amount: received.times(rate), currency }
}

/** The size for a share, from 0 to 1, of what can be spent; '' while it cannot be told. */
export function sizeFor(draft: Draft, facts: Facts, share: number): string {
  const { instrument, available } = facts
  if (available === null) return ''
  const spent = new Big(available).times(share)
  if (isInQuote(draft)) return plain(floorTo(spent, instrument.tickSz))
  const price = priceOf(draft, facts)
  if (draft.side === 'sell') return plain(floorTo(spent, instrument.lotSz))
  return price ? plain(floorTo(spent.div(price), instrument.lotSz)) : ''
}

/**
 * The draft with a price that a share or a total can be counted by: where none stands, the best of
 * the own side, or of the other one for an order that is not to rest.
 */
export function priced(draft: Draft, facts: Facts): Draft {
  if (UNPRICED.has(draft.ordType) || draft.px.trim() !== '') return draft
  const isBid = (draft.side === 'buy') === mayRest(draft.ordType)
  return { ...draft, px: (isBid ? facts.bid : facts.ask) ?? '' }
}

/** The size whose total is at most what was typed; '' where there is none. */
export function sizeForTotal(total: string, draft: Draft, facts: Facts): string {
  const wanted = parsed(total)
  const price = priceOf(draft, facts)
  return wanted && price ? plain(floorTo(wanted.div(price), facts.instrument.lotSz)) : ''
}

/** How much of what can be spent a draft spends, from 0 to 1. */
export function shareOf(draft: Draft, facts: Facts, checked: Checked): number {
  const spent = draft.side === 'buy' ? checked.total : parsed(draft.sz)
  if (!facts.available || !spent || Number(facts.available) === 0) return 0
  return Math.min(1, Number(spent.div(facts.available)))
}

function isMultiple(value: Big, step: string): boolean {
  return floorTo(value, step).eq(value)
}
