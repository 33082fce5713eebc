import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '~/app/root'

const funds = createRoute({
  getParentRoute: () => rootRoute,
  id: 'funds',
  component: lazyRouteComponent(() => import('./layout/FundsLayout'), 'FundsLayout'),
})

const deposit = createRoute({
  getParentRoute: () => funds,
  path: '/deposit',
  component: lazyRouteComponent(() => import('./deposit/DepositPage'), 'DepositPage'),
})

const oneDeposit = createRoute({
  getParentRoute: () => funds,
  path: '/deposit/$depId',
  component: lazyRouteComponent(() => import('./deposit/DepositDetail'), 'DepositDetail'),
})

const withdraw = createRoute({
  getParentRoute: () => funds,
  path: '/withdraw',
  component: lazyRouteComponent(() => import('./withdraw/WithdrawPage'), 'WithdrawPage'),
})

const oneWithdrawal = createRoute({
  getParentRoute: () => funds,
  path: '/withdraw/$wdId',
  component: lazyRouteComponent(() => import('./withdraw/WithdrawalDetail'), 'WithdrawalDetail'),
})

const addresses = createRoute({
  getParentRoute: () => funds,
  path: '/addresses',
  component: lazyRouteComponent(() => import('./addresses/AddressesPage'), 'AddressesPage'),
})

/** Money in and out: deposits, withdrawals and the addresses that it may go to. */
export const fundsRoutes: AnyRoute[] = [
  funds.addChildren([deposit, oneDeposit, withdraw, oneWithdrawal, addresses]),
]
