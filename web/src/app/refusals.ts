import { useCallback } from 'react'
import { Refusal } from '~/api/refusal'
import { useTranslation } from '~/i18n'
import type { Translator } from '~/i18n/translator'

/** A refusal as a sentence in the reader's language; the exchange's own where there is none. */
export function refusalText({ t, has }: Translator, problem: unknown): string {
  if (!(problem instanceof Refusal)) return t('refusal.unknown')
  const key = `refusal.${problem.code}`
  if (problem.code && has(key)) {
    return t(key, { number: firstNumber(problem.message), detail: detailOf(problem.message) })
  }
  if (problem.isOffline) return t('refusal.offline')
  if (problem.status === 429) return t('refusal.busy')
  if (problem.status >= 500) return t('refusal.down')
  return problem.message || t('refusal.unknown')
}

/** How many minutes, or of what there may be how many, as the exchange said it. */
function firstNumber(message: string): number {
  return Number(/\d+/.exec(message)?.[0] ?? 1)
}

/** What the exchange said behind the colon: whose, or which; 'none' where nothing. */
function detailOf(message: string): string {
  return /: (.+)$/.exec(message)?.[1] ?? 'none'
}

export function useRefusalText(): (problem: unknown) => string {
  const translator = useTranslation()
  return useCallback((problem) => refusalText(translator, problem), [translator])
}
