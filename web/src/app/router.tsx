import { createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { rememberPlace } from '~/pages/account/entry/comingBack'
import { accountRoutes } from '~/pages/account/routes'
import { fundsRoutes } from '~/pages/funds/routes'
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

const trade = createRoute({
  getParentRoute: () => rootRoute,
  path: '/trade/$instId',
  component: lazyRouteComponent(() => import('~/pages/trade/TradePage'), 'TradePage'),
})

const portfolio = createRoute({
  getParentRoute: () => rootRoute,
  path: '/portfolio',
  component: lazyRouteComponent(() => import('~/pages/portfolio/PortfolioPage'), 'PortfolioPage'),
})

const orders = createRoute({
  getParentRoute: () => rootRoute,
  path: '/orders',
  component: lazyRouteComponent(() => import('~/pages/orders/OrdersPage'), 'OrdersPage'),
})

const reserves = createRoute({
  getParentRoute: () => rootRoute,
  path: '/reserves',
  component: lazyRouteComponent(() => import('~/pages/reserves/ReservesPage'), 'ReservesPage'),
})

const status = createRoute({
  getParentRoute: () => rootRoute,
  path: '/status',
  component: lazyRouteComponent(() => import('~/pages/status/StatusPage'), 'StatusPage'),
})

const pages = [home, markets, trade, portfolio, orders, reserves, status]

export const router = createRouter({
  routeTree: rootRoute.addChildren([...pages, ...accountRoutes, ...fundsRoutes, ...operatorRoutes]),
  defaultPreload: 'intent',
  scrollRestoration: true,
})

// Who signs in goes on where they were.
router.subscribe('onResolved', ({ toLocation }) => rememberPlace(toLocation.href))
