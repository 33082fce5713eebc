/** What all addresses of a chain begin with, so that it tells nothing. */
const COMMON = /^(0x|[a-z]{2,5}1[qp]?)/
/** So many characters people compare at each end. */
const ENDS = 3

/** Without a memo behind it, and what tells nothing before it. */
function bare(address: string): string {
  return (address.split(':')[0] ?? '').toLowerCase().replace(COMMON, '')
}

/**
 * The known address that another one was perhaps made to be mistaken for: it begins and ends in
 * the same way. Whoever makes such addresses pays a little from them, so that they are copied. The
 * exchange scores withdrawals by the same rule (`custody/look_alikes.py`).
 */
export function lookAlike(address: string, known: readonly string[]): string | undefined {
  const one = bare(address)
  if (one.length < 2 * ENDS + 2) return undefined
  return known.find((each) => {
    const other = bare(each)
    return (
      other !== one &&
      other.slice(0, ENDS) === one.slice(0, ENDS) &&
      other.slice(-ENDS) === one.slice(-ENDS)
    )
  })
}
