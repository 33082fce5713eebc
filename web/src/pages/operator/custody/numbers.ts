import Big from 'big.js'
import type { Compared, Line, Reconciliation } from './rows'

/** A fraction as a percentage of one digit; '' for none. */
export function percent(fraction: string): string {
  return fraction ? `${(Number(fraction) * 100).toFixed(1)}%` : ''
}

/** What there is anything of, on the chain or in the ledger; breaks first. */
export function worthShowing(lines: readonly Compared[]): Compared[] {
  const broken = breaks(lines)
  const others = lines.filter((one) => !broken.includes(one))
  const held = others.filter(({ ledger, chain }) => Number(ledger) !== 0 || Number(chain) !== 0)
  return [...broken, ...held]
}

/** Where chain and ledger do not agree. */
export function breaks(lines: readonly Compared[]): Compared[] {
  return lines.filter(({ difference }) => Number(difference) !== 0)
}

/** Whether what chain and ledger did not agree on is more than rounding comes to. */
export function isBroken(line: Pick<Line, 'break' | 'tolerance'>): boolean {
  return new Big(line.break).abs().gt(line.tolerance)
}

const OLD_MS = 30 * 60_000

/** Whether a network was compared so long ago that its watcher may be down. */
export function isOld({ ts }: Reconciliation, nowMs: number): boolean {
  return ts !== '' && nowMs - Number(ts) > OLD_MS
}

/** Networks that are not known now. */
export function unknowns(networks: readonly Reconciliation[]): Reconciliation[] {
  return networks.filter(({ state }) => state === 'unknown')
}

/** How what was compared looks: plain where a network of it is not of now. */
export function verdict(networks: readonly Reconciliation[]): 'good' | 'bad' | 'plain' {
  if (breaks(networks.flatMap(({ lines }) => lines)).length > 0) return 'bad'
  if (unknowns(networks).length > 0) return 'plain'
  return networks.some(({ state }) => state === 'compared') ? 'good' : 'plain'
}

/** A currency over all networks and tiers. */
export interface Total {
  ccy: string
  ledger: string
  chain: string
  breaks: number
  /** Whether all of it is of now. */
  isNow: boolean
}

/** What ledger and chains have of each currency, without rounding; breaks first, then by name. */
export function totals(networks: readonly Reconciliation[]): Total[] {
  const sums = new Map<string, Compared[]>()
  const late = new Set<string>()
  for (const { lines, state } of networks) {
    for (const line of lines) {
      sums.set(line.ccy, [...(sums.get(line.ccy) ?? []), line])
      if (state !== 'compared') late.add(line.ccy)
    }
  }
  const all = [...sums].map(([ccy, lines]) => ({
    ccy,
    ledger: summed(lines.map(({ ledger }) => ledger)),
    chain: summed(lines.map(({ chain }) => chain)),
    breaks: breaks(lines).length,
    isNow: !late.has(ccy),
  }))
  return all.sort((one, other) => other.breaks - one.breaks || one.ccy.localeCompare(other.ccy))
}

function summed(amounts: readonly string[]): string {
  return amounts.reduce((sum, one) => sum.plus(one), new Big(0)).toFixed()
}
