import { type StatusNotice, useNotices } from './notices'

const WINDOW = '?window='
const NETWORK = '?network='
const UNWELL = '?unwell='
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

/** Whether a row is of a network whose nodes are not believed, and lasts. */
export function isUnwell({ href, state }: Pick<StatusNotice, 'href' | 'state'>): boolean {
  return href.includes(UNWELL) && state === 'ongoing'
}

/** The network that the title of such a row begins with. */
export function chainIn(title: string): string {
  return title.split(':')[0] ?? title
}

/** The network that a title of the exchange's names. */
export function networkIn(title: string): string {
  return NETWORK_NAME.exec(title)?.[1] ?? title
}

/** The pairs that a title of the exchange's names, and whether there are others. */
export function pairsOf(title: string): { pairs: string[]; isMore: boolean } {
  return { pairs: title.match(NAMES) ?? [], isMore: MORE.test(title) }
}
