const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** A length of time in the largest unit that it fills, as words: '3 hours'. */
export function spanOf(ms: number, language: string): string {
  const length = Math.abs(ms)
  const [unit, unitMs] = UNITS.find(([, each]) => length >= each) ?? UNITS[2]
  const format = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' })
  return format.format(Math.floor(length / unitMs))
}
