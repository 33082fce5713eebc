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

/** What goes on everywhere, as words in a row; '' while that is not known, or nothing does. */
export function useWorks(stopped: Stopped | undefined): string {
  const { t, language } = useTranslation()
  const partly = new Set(stopped?.suspensions.flatMap(({ actions }) => actions))
  const works = stopped?.works.filter((action) => !partly.has(action)) ?? []
  const words = NAMES.filter(([name]) => works.includes(name)).map(([, key]) => t(key))
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(words)
}
