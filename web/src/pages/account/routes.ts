import type { AnyRoute } from '@tanstack/react-router'

/** Sign-up, sign-in, reset and the account's own pages. */
export const accountRoutes: AnyRoute[] = []
