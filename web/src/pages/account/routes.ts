import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '~/app/root'

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('./entry/SignInPage'), 'SignInPage'),
})

const signUp = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-up',
  component: lazyRouteComponent(() => import('./entry/SignUpPage'), 'SignUpPage'),
})

const reset = createRoute({
  getParentRoute: () => rootRoute,
  path: '/reset',
  component: lazyRouteComponent(() => import('./entry/ResetPage'), 'ResetPage'),
})

const account = createRoute({
  getParentRoute: () => rootRoute,
  path: '/account',
  component: lazyRouteComponent(() => import('./layout/AccountLayout'), 'AccountLayout'),
})

const overview = createRoute({
  getParentRoute: () => account,
  path: '/',
  component: lazyRouteComponent(() => import('./overview/OverviewPage'), 'OverviewPage'),
})

const security = createRoute({
  getParentRoute: () => account,
  path: 'security',
  component: lazyRouteComponent(() => import('./security/SecurityPage'), 'SecurityPage'),
})

const sessions = createRoute({
  getParentRoute: () => account,
  path: 'sessions',
  component: lazyRouteComponent(() => import('./sessions/SessionsPage'), 'SessionsPage'),
})

const apiKeys = createRoute({
  getParentRoute: () => account,
  path: 'api-keys',
  component: lazyRouteComponent(() => import('./apiKeys/ApiKeysPage'), 'ApiKeysPage'),
})

const subAccounts = createRoute({
  getParentRoute: () => account,
  path: 'sub-accounts',
  component: lazyRouteComponent(() => import('./subAccounts/SubAccountsPage'), 'SubAccountsPage'),
})

export const subAccount = createRoute({
  getParentRoute: () => account,
  path: 'sub-accounts/$name',
  component: lazyRouteComponent(() => import('./subAccounts/SubAccountPage'), 'SubAccountPage'),
})

/** Sign-up, sign-in, reset and the account's own pages. */
export const accountRoutes: AnyRoute[] = [
  signIn,
  signUp,
  reset,
  account.addChildren([overview, security, sessions, apiKeys, subAccounts, subAccount]),
]
