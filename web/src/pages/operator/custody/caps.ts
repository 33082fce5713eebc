import type { Rule } from '../policy/rows'

/** Tiers that something leaves from, by the policy's numbers. */
export const SOURCES = { hot: 1, warm: 2, cold: 3 } as const
export type Source = keyof typeof SOURCES

/** Rules that may let something out of a tier, in the policy's order. */
export function lettingOut(rules: readonly Rule[], tier: Source): Rule[] {
  const isOf = ({ sources }: Rule) => !sources?.length || sources.includes(SOURCES[tier])
  return rules.filter((rule) => rule.verb !== 'block' && isOf(rule))
}

/** Whether a rule bounds how much. */
export function isCapped({ mostUsd, velocityUsd, mostShare }: Rule): boolean {
  return Boolean(mostUsd || velocityUsd || mostShare)
}

/** Whether the policy says the same of every tier. */
export function namesNone(rules: readonly Rule[]): boolean {
  return rules.every(({ sources }) => !sources?.length)
}
