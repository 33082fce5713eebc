import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import css from './dates.module.css'

/** Times of the exchange's answers in the reader's language, a day and a time; '' is never. */
export function useDates(): (ms: string, never?: string) => ReactNode {
  const { language } = useTranslation()
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'short' })
  return (ms, never = '–') => {
    if (!ms) return never
    const date = new Date(Number(ms))
    return (
      <time dateTime={date.toISOString()} className={css.date}>
        <span>{day.format(date)}</span> <span>{time.format(date)}</span>
      </time>
    )
  }
}
