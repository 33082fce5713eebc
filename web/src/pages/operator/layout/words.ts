import { useCallback } from 'react'
import { useTranslation } from '../texts'

/** A word of the API in the reader's language; the word itself where there is none. */
export function useWords(): (group: string, word: string) => string {
  const { t, has } = useTranslation()
  return useCallback(
    (group, word) => {
      const key = `op.${group}.${word}`
      return has(key) ? t(key) : word
    },
    [t, has],
  )
}
