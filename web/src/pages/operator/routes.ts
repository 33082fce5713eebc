import type { AnyRoute } from '@tanstack/react-router'

/** The operator's console. */
export const operatorRoutes: AnyRoute[] = []
