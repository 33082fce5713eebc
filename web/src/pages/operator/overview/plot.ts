import { trimmed } from '~/market/numbers'

/** A value over time; null where there was none. */
export interface Point {
  ts: number
  value: number | null
}

export interface Box {
  width: number
  height: number
  /** The newest moment, at the right edge. */
  end: number
  spanMs: number
  /** The value at the upper edge; 0 is at the lower. */
  top: number
}

const GAP_MS = 5_000

/** The path of a line in an SVG; it breaks where there were no values. */
export function pathOf(points: readonly Point[], box: Box): string {
  const steps: string[] = []
  let before: number | null = null
  for (const { ts, value } of points) {
    if (value === null) {
      before = null
      continue
    }
    const joins = before !== null && ts - before <= GAP_MS
    steps.push(`${joins ? 'L' : 'M'}${place(ts, value, box)}`)
    // A value alone is seen too.
    if (!joins) steps.push('h0.5')
    before = ts
  }
  return steps.join('')
}

function place(ts: number, value: number, box: Box): string {
  const x = box.width * (1 - (box.end - ts) / box.spanMs)
  const y = box.height * (1 - Math.min(value / box.top, 1))
  return `${x.toFixed(1)} ${y.toFixed(1)}`
}

const STEPS = [1, 2, 5, 10]

/** The least of 1, 2, 5, 10, 20, 50 … that no value is above; a power of two for bytes. */
export function topOf(values: readonly (number | null)[], isBytes = false): number {
  const most = Math.max(1, ...values.map((value) => value ?? 0))
  if (isBytes) return 2 ** Math.ceil(Math.log2(most))
  const unit = 10 ** Math.floor(Math.log10(most))
  return unit * (STEPS.find((step) => step * unit >= most) ?? 10)
}

/** Things that are counted have no decimals. */
export function countText(count: number): string {
  return trimmed(count, 0)
}

/** What happens a second: a decimal where it is rare. */
export function rateText(rate: number): string {
  return trimmed(rate, rate < 10 ? 1 : 0)
}

const KIB = 1024
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Bytes in the unit that keeps three digits or so. */
export function bytesText(bytes: number): string {
  const at = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / KIB ** at
  return `${value.toFixed(at === 0 || value >= 100 ? 0 : 1)} ${UNITS[at]}`
}

/** Microseconds as µs, ms or s. */
export function microsText(micros: number): string {
  if (micros < 1_000) return `${Math.round(micros)} µs`
  if (micros < 1_000_000) return `${(micros / 1_000).toFixed(micros < 100_000 ? 1 : 0)} ms`
  return `${(micros / 1_000_000).toFixed(1)} s`
}
