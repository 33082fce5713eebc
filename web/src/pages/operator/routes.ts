import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '~/app/root'

const operator = createRoute({
  getParentRoute: () => rootRoute,
  path: '/operator',
  component: lazyRouteComponent(() => import('./layout/OperatorLayout'), 'OperatorLayout'),
})

function page(path: string, load: () => Promise<Record<string, unknown>>, name: string): AnyRoute {
  const component = lazyRouteComponent(load as () => Promise<Record<string, never>>, name)
  return createRoute({ getParentRoute: () => operator, path, component }) as AnyRoute
}

const pages = [
  page('/', () => import('./overview/OverviewPage'), 'OverviewPage'),
  page('suspensions', () => import('./suspensions/SuspensionsPage'), 'SuspensionsPage'),
  page('suspensions/$suspension', () => import('./suspensions/SuspensionPage'), 'SuspensionPage'),
  page('maintenance', () => import('./maintenance/MaintenancePage'), 'MaintenancePage'),
  page('calendar', () => import('./calendar/CalendarPage'), 'CalendarPage'),
  page('custody', () => import('./custody/CustodyPage'), 'CustodyPage'),
  page('reconciliation', () => import('./custody/ReconciliationPage'), 'ReconciliationPage'),
  page('ceremony', () => import('./custody/CeremonyPage'), 'CeremonyPage'),
  page('withdrawals', () => import('./withdrawals/WithdrawalsPage'), 'WithdrawalsPage'),
  page('withdrawals/$wdId', () => import('./withdrawals/WithdrawalPage'), 'WithdrawalPage'),
  page('policy', () => import('./policy/PolicyPage'), 'PolicyPage'),
  page('instruments', () => import('./instruments/InstrumentsPage'), 'InstrumentsPage'),
  page('users', () => import('./users/UsersPage'), 'UsersPage'),
  page('users/$uid', () => import('./users/UserPage'), 'UserPage'),
  page('fees', () => import('./fees/FeesPage'), 'FeesPage'),
  page('limits', () => import('./limits/LimitsPage'), 'LimitsPage'),
  page('ledger', () => import('./ledger/LedgerPage'), 'LedgerPage'),
  page('ledger/$uid', () => import('./ledger/LedgerPage'), 'LedgerPage'),
  page('ledger/$uid/$account/$ccy', () => import('./ledger/BillsPage'), 'BillsPage'),
  page('commands/$sequence', () => import('./ledger/CommandPage'), 'CommandPage'),
  page('journal', () => import('./journal/JournalPage'), 'JournalPage'),
  page('approvals', () => import('./approvals/ApprovalsPage'), 'ApprovalsPage'),
  page('approvals/$proposal', () => import('./approvals/ProposalPage'), 'ProposalPage'),
  page('operators', () => import('./operators/OperatorsPage'), 'OperatorsPage'),
  page('audit', () => import('./audit/AuditPage'), 'AuditPage'),
]

/** The operator's console. */
export const operatorRoutes: AnyRoute[] = [operator.addChildren(pages)]
