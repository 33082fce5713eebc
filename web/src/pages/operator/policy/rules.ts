import type { Rule } from './rows'

const HOUR_MS = 3_600_000
const PARTS = 10_000

/** A rule as the fields of a form. */
export type Typed = Record<string, string>

const list = (text: string | undefined) =>
  (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)

const numbers = (text: string | undefined) => list(text).map(Number)

/** Hours of a form in ms; of nothing nothing. */
const hours = (text: string | undefined) => Math.round(Number(text ?? 0) * HOUR_MS)

const inHours = (ms: number | undefined) => (ms ? String(ms / HOUR_MS) : '')

/** What a form holds for a rule. */
export function typedOf(rule: Rule): Typed {
  return {
    verb: rule.verb,
    group: rule.group ? String(rule.group) : '1',
    needed: rule.needed ? String(rule.needed) : '1',
    categories: (rule.categories ?? []).join(','),
    initiators: (rule.initiators ?? []).join(', '),
    mostUsd: rule.mostUsd ? String(rule.mostUsd) : '',
    leastAge: inHours(rule.leastAgeMs),
    velocityUsd: rule.velocityUsd ? String(rule.velocityUsd) : '',
    window: inHours(rule.windowMs),
    mostShare: rule.mostShare ? String((rule.mostShare / PARTS) * 100) : '',
    webhook: rule.webhook ?? '',
  }
}

/** The rule that a form makes of another, which keeps what the form does not show. */
export function ruleOf(typed: Typed, before: Rule): Rule {
  const approves = typed.verb === 'approve'
  const rule: Rule = {
    ...before,
    verb: typed.verb as Rule['verb'],
    group: approves ? Number(typed.group) : 0,
    needed: approves ? Number(typed.needed) : 0,
    categories: list(typed.categories),
    initiators: numbers(typed.initiators),
    mostUsd: Number(typed.mostUsd || 0),
    leastAgeMs: hours(typed.leastAge),
    velocityUsd: Number(typed.velocityUsd || 0),
    windowMs: hours(typed.window),
    mostShare: Math.round((Number(typed.mostShare || 0) / 100) * PARTS),
    webhook: typed.webhook ?? '',
  }
  return plain(rule)
}

/** A rule without what asks nothing, as the exchange gives it. */
function plain(rule: Rule): Rule {
  const kept = Object.entries(rule).filter(([, value]) =>
    Array.isArray(value) ? value.length > 0 : Boolean(value),
  )
  return Object.fromEntries(kept) as unknown as Rule
}

/** A number that no rule has, nor had in what is known: a rule keeps its own for ever. */
export function freshNumber(...known: readonly (readonly Rule[])[]): number {
  return Math.max(0, ...known.flat().map(({ number }) => number)) + 1
}

/** Rules with one of them moved up (-1) or down (1); the order is what decides. */
export function moved(rules: readonly Rule[], place: number, by: -1 | 1): Rule[] {
  const other = place + by
  const one = rules[place]
  const swapped = rules[other]
  if (!one || !swapped) return [...rules]
  return rules.map((rule, at) => (at === place ? swapped : at === other ? one : rule))
}

/** What a change makes of rules, by number; a rule keeps its number for ever. */
export interface Marks {
  fresh: Set<number>
  /** What those were that are others now. */
  changed: Map<number, Rule>
  gone: Rule[]
  /** Whether those that stay are looked at in another order. */
  isReordered: boolean
}

export function marksOf(before: readonly Rule[], after: readonly Rule[]): Marks {
  const was = new Map(before.map((rule) => [rule.number, rule]))
  const will = new Set(after.map(({ number }) => number))
  const stay = after.filter(({ number }) => was.has(number)).map(({ number }) => number)
  const stayed = before.filter(({ number }) => will.has(number)).map(({ number }) => number)
  const changed = after.flatMap((rule) => {
    const old = was.get(rule.number)
    return old && !areSame([old], [rule]) ? [[rule.number, old] as const] : []
  })
  return {
    fresh: new Set([...will].filter((number) => !was.has(number))),
    changed: new Map(changed),
    gone: before.filter(({ number }) => !will.has(number)),
    isReordered: stay.join() !== stayed.join(),
  }
}

/** Whether two lists of rules are the same. */
export function areSame(some: readonly Rule[], others: readonly Rule[]): boolean {
  return JSON.stringify(some.map(sorted)) === JSON.stringify(others.map(sorted))
}

function sorted(rule: Rule): unknown {
  return Object.entries(plain(rule)).sort(([a], [b]) => (a < b ? -1 : 1))
}
