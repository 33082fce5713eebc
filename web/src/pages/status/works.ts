import { type MessageKey, useTranslation } from '~/i18n'
import type { Stopped } from './suspensions'

/** The actions that people know, in the order in which they are named. */
const NAMES: readonly (readonly [string, MessageKey])[] = [
  ['trade_all', 'status.action.trade_all'],
  ['deposit_credit', 'status.action.deposit_credit'],
  ['withdraw', 'status.action.withdraw'],
  ['internal_transfer', 'status.action.internal_transfer'],
  ['transfer', 'status.action.transfer'],
]

/** Parts of what people know as one: while one is stopped anywhere, the whole is not as usual. */
const PARTS: Record<string, readonly string[]> = {
  trade_all: ['trade_open'],
  internal_transfer: ['sub_transfer'],
}

/** The names of actions that go on everywhere, whole. */
export function worksOf({ suspensions, works }: Pick<Stopped, 'suspensions' | 'works'>): string[] {
  const partly = new Set(suspensions.flatMap(({ actions }) => actions))
  return works.filter((name) => ![name, ...(PARTS[name] ?? [])].some((each) => partly.has(each)))
}

/** What goes on everywhere, as words in a row; '' while that is not known, or nothing does. */
export function useWorks(stopped: Stopped | undefined): string {
  const { t, language } = useTranslation()
  const works = stopped ? worksOf(stopped) : []
  const words = NAMES.filter(([name]) => works.includes(name)).map(([, key]) => t(key))
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(words)
}
