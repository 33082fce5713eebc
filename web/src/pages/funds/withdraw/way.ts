/** Out of the exchange, or to another user of it. */
export const WAYS = ['chain', 'user'] as const
export type Way = (typeof WAYS)[number]

/** What the page's address names, whatever stands there. */
export interface Asked {
  ccy?: unknown
  chain?: unknown
  to?: unknown
}

export function wayOf({ to }: Asked): Way {
  return to === 'user' ? 'user' : 'chain'
}

/** The address of the other way: of the same currency. */
export function turned(way: Way, { ccy, chain }: Asked): Asked {
  return {
    ...(ccy === undefined ? {} : { ccy }),
    ...(chain === undefined ? {} : { chain }),
    ...(way === 'user' ? { to: 'user' } : {}),
  }
}
