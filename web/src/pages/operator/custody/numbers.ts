import type { Compared } from './rows'

/** A fraction as a percentage of one digit; '' for none. */
export function percent(fraction: string): string {
  return fraction ? `${(Number(fraction) * 100).toFixed(1)}%` : ''
}

/** Where chain and ledger do not agree. */
export function breaks(lines: readonly Compared[]): Compared[] {
  return lines.filter(({ difference }) => Number(difference) !== 0)
}
