import type { MessageKey } from '~/i18n'

/** Ways in and out: path and name. */
export const FUNDS_LINKS: readonly (readonly [string, MessageKey])[] = [
  ['/deposit', 'deposit.title'],
  ['/withdraw', 'withdraw.title'],
  ['/addresses', 'addresses.title'],
]
