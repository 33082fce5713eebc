/** A value of a proposal's terms as text; tick bands as fromPx:tickSz. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ') || '–'
  if (value !== null && typeof value === 'object') return Object.values(value).map(textOf).join(':')
  return value === '' || value === undefined ? '–' : String(value)
}
