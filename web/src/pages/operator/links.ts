import type { MessageKey } from '~/i18n'

/** The console's pages as its navigation lists them: path and name. */
export const OPERATOR_LINKS: readonly (readonly [string, MessageKey])[] = [
  ['/operator', 'op.overview'],
  ['/operator/instruments', 'op.instruments'],
  ['/operator/users', 'op.users'],
  ['/operator/fees', 'op.fees'],
  ['/operator/limits', 'op.limits'],
  ['/operator/ledger', 'op.ledger'],
  ['/operator/journal', 'op.journal'],
  ['/operator/approvals', 'op.approvals'],
  ['/operator/operators', 'op.operators'],
  ['/operator/audit', 'op.audit'],
]
