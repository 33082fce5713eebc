const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How far ahead a moment is in the reader's language: in 5 hours; '' for what has come. */
export function aheadText(untilMs: number, nowMs: number, language: string): string {
  const ms = untilMs - nowMs
  if (ms <= 0) return ''
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'always' })
  if (ms >= 2 * DAY_MS) return format.format(Math.floor(ms / DAY_MS), 'day')
  if (ms >= 2 * HOUR_MS) return format.format(Math.floor(ms / HOUR_MS), 'hour')
  return format.format(Math.ceil(ms / MINUTE_MS), 'minute')
}
