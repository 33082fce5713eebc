import type { Instrument } from '../rows'

interface Scope {
  /** `all`, `ccy` or `some`. */
  scope: string
  ccy: string
  /** Pairs with commas between them. */
  some: string
}

/** Pairs that a window is of, in the order of their numbers as the public status names them. */
export function pairsIn(instruments: readonly Instrument[], { scope, ccy, some }: Scope): string[] {
  const chosen = new Set(some.split(','))
  return [...instruments]
    .sort((one, other) => Number(one.number) - Number(other.number))
    .filter(({ instId, baseCcy, quoteCcy }) => {
      if (scope === 'ccy') return baseCcy === ccy || quoteCcy === ccy
      return scope === 'all' || chosen.has(instId)
    })
    .map(({ instId }) => instId)
}

/** Currencies that are in any pair, by name. */
export function currenciesOf(instruments: readonly Instrument[]): string[] {
  return [...new Set(instruments.flatMap(({ baseCcy, quoteCcy }) => [baseCcy, quoteCcy]))].sort()
}
