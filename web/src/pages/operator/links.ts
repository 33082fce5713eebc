import type { ConsoleKey } from './texts'

/** The console's pages as its navigation lists them: path and name. */
export const OPERATOR_LINKS: readonly (readonly [string, ConsoleKey])[] = [
  ['/operator', 'op.overview'],
  ['/operator/suspensions', 'op.sus'],
  ['/operator/maintenance', 'op.maint'],
  ['/operator/calendar', 'op.cal.nav'],
  ['/operator/custody', 'op.custody'],
  ['/operator/withdrawals', 'op.withdrawals'],
  ['/operator/policy', 'op.policy'],
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
