import { useCallback } from 'react'
import { Refusal } from '~/api/refusal'
import { useTranslation } from '~/i18n'
import type { Translator } from '~/i18n/translator'

/** A refusal as a sentence in the reader's language; the exchange's own where there is none. */
export function refusalText({ t, has }: Translator, problem: unknown): string {
  if (!(problem instanceof Refusal)) return t('refusal.unknown')
  const key = `refusal.${problem.code}`
  if (problem.code && has(key)) return t(key)
  if (problem.isOffline) return t('refusal.offline')
  if (problem.status === 429) return t('refusal.busy')
  if (problem.status >= 500) return t('refusal.down')
  return problem.message || t('refusal.unknown')
}

export function useRefusalText(): (problem: unknown) => string {
  const translator = useTranslation()
  return useCallback((problem) => refusalText(translator, problem), [translator])
}
