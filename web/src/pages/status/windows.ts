import { type StatusNotice, useNotices } from './notices'

const WINDOW = '?window='
const NETWORK = '?network='
const NETWORK_NAME = /^Maintenance of (.+): deposits and withdrawals$/
const NAMES = /[A-Z0-9]+(?:-[A-Z0-9]+)+/g
const MORE = / and others$/

/** Windows of pairs and of networks, to come or under way, the nearest first. */
export function useWindows(): StatusNotice[] {
  const isWindow = ({ href }: StatusNotice) => href.includes(WINDOW) || isOfNetwork({ href })
  const found = useNotices().filter(isWindow)
  return found.sort((one, other) => Number(one.begin) - Number(other.begin))
}

/** Whether a window is of a network: there deposits and withdrawals wait. */
export function isOfNetwork({ href }: Pick<StatusNotice, 'href'>): boolean {
  return href.includes(NETWORK)
}

/** The network that a title of the exchange's names. */
export function networkIn(title: string): string {
  return NETWORK_NAME.exec(title)?.[1] ?? title
}

/** The pairs that a title of the exchange's names, and whether there are others. */
export function pairsOf(title: string): { pairs: string[]; isMore: boolean } {
  return { pairs: title.match(NAMES) ?? [], isMore: MORE.test(title) }
}
