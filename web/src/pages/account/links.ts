import type { MessageKey } from '~/i18n'

/** The account's pages as the account menu lists them: path and name. */
export const ACCOUNT_LINKS: readonly (readonly [string, MessageKey])[] = [
  ['/account', 'overview.title'],
  ['/account/security', 'security.title'],
  ['/account/sessions', 'sessions.title'],
  ['/account/api-keys', 'apiKeys.title'],
  ['/account/sub-accounts', 'subs.title'],
]
