import { createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { accountRoutes } from '~/pages/account/routes'
import { operatorRoutes } from '~/pages/operator/routes'
import { rootRoute } from './root'

const home = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/markets', replace: true })
  },
})

const markets = createRoute({
  getParentRoute: () => rootRoute,
  path: '/markets',
  component: lazyRouteComponent(() => import('~/pages/markets/MarketsPage'), 'MarketsPage'),
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([home, markets, ...accountRoutes, ...operatorRoutes]),
  defaultPreload: 'intent',
  scrollRestoration: true,
})
