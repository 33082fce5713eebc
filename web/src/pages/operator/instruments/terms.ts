import Big from 'big.js'
import { decimalsOf, padded } from '~/market/numbers'
import type { Tick } from '../rows'

/** States of an instrument, from loose to tight. */
export const STATES = ['live', 'post_only', 'cancel_only', 'suspend', 'preopen'] as const

/** States in which less can happen; one operator sets them. */
export function tighter(state: string): string[] {
  return STATES.slice(STATES.indexOf(state as 'live') + 1)
}

/** States in which more can happen; they need an approval. */
export function looser(state: string): string[] {
  return STATES.slice(0, Math.max(0, STATES.indexOf(state as 'live')))
}

/** Tick sizes as they are typed: one alone, or fromPx:tickSz by comma. */
export function ticksText(ticks: readonly Tick[]): string {
  const [first] = ticks
  if (first && ticks.length === 1) return first.tickSz
  return ticks.map(({ fromPx, tickSz }) => `${fromPx}:${tickSz}`).join(', ')
}

/** A price that ends at the finest tick, as the market shows it. */
export function priceText(price: string, ticks: readonly Tick[]): string {
  return price ? padded(price, Math.max(0, ...ticks.map(({ tickSz }) => decimalsOf(tickSz)))) : '–'
}

/** A fraction as per cent, every digit of it. */
export function percentText(fraction: string): string {
  return fraction ? `${new Big(fraction).times(100).toFixed()}%` : '–'
}

/** How far from the last price orders may be. */
export function bandText(band: string): string {
  return band && new Big(band).gt(0) ? `±${percentText(band)}` : '–'
}

/** What was changed of what there was; texts that say the same number are no change. */
export function changed(
  before: Record<string, string>,
  typed: Record<string, string>,
): Record<string, string> {
  const different = ([name, text]: [string, string]) => !isSame(before[name] ?? '', text)
  return Object.fromEntries(Object.entries(typed).filter(different))
}

function isSame(one: string, other: string): boolean {
  const bare = (text: string) => text.replace(/\s/g, '')
  if (bare(one) === bare(other)) return true
  try {
    return new Big(one).eq(bare(other))
  } catch {
    return false
  }
}
