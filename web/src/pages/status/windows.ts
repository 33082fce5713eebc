import { type StatusNotice, useNotices } from './notices'

const WINDOW = '?window='
const NAMES = /[A-Z0-9]+(?:-[A-Z0-9]+)+/g
const MORE = / and others$/

/** Windows of maintenance that close pairs, to come or under way, the nearest first. */
export function useWindows(): StatusNotice[] {
  const found = useNotices().filter(({ href }) => href.includes(WINDOW))
  return found.sort((one, other) => Number(one.begin) - Number(other.begin))
}

/** The pairs that a title of the exchange's names, and whether there are others. */
export function pairsOf(title: string): { pairs: string[]; isMore: boolean } {
  return { pairs: title.match(NAMES) ?? [], isMore: MORE.test(title) }
}
