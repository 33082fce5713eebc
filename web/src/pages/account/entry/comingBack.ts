const KEPT = 'fullreserve.place'
const ENTRIES = ['/sign-in', '/sign-up', '/reset']

/** Keeps where a person is in this tab, to go on there after signing in. */
export function rememberPlace(href: string): void {
  if (ENTRIES.some((entry) => href.startsWith(entry))) return
  try {
    sessionStorage.setItem(KEPT, href)
  } catch {
    // A browser that keeps nothing: one goes on at the trade page.
  }
}

/** Where the person was in this tab, else the given page; never an address of elsewhere. */
export function placeToReturn(otherwise: string, but: readonly string[] = []): string {
  let kept: string | null = null
  try {
    kept = sessionStorage.getItem(KEPT)
  } catch {
    // As above.
  }
  const isHere = kept !== null && /^\/(?![/\\])/.test(kept)
  return isHere && kept !== null && !but.includes(kept) ? kept : otherwise
}
