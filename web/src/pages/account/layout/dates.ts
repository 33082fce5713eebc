import { useTranslation } from '~/i18n'

/** Times of the exchange's answers in the reader's language; '' is never. */
export function useDates(): (ms: string, never?: string) => string {
  const { language } = useTranslation()
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
  return (ms, never = '–') => (ms ? format.format(Number(ms)) : never)
}
