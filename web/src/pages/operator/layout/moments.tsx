import type { ReactNode } from 'react'
import { useTranslation } from '../texts'
import css from './Cells.module.css'

/** Times to the second in the reader's language, as logs want them; '' is never. */
export function useMoments(): (ms: string) => ReactNode {
  const { language } = useTranslation()
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })
  return (ms) => {
    if (!ms) return '–'
    const date = new Date(Number(ms))
    return (
      <time dateTime={date.toISOString()} className={css.moment}>
        {format.format(date)}
      </time>
    )
  }
}
