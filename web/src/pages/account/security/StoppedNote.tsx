import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useSession } from '~/api/session'
import { useTranslation } from '~/i18n'
import css from './Security.module.css'
import { settingsQuery } from './settings'

/** A change on this page, or in another window, is seen as soon. */
const AGAIN_MS = 5_000

/** That nothing can leave after a change of what opens the account, and until when. */
export function StoppedNote(): ReactNode {
  const { t, language } = useTranslation()
  const session = useSession()
  const { data } = useQuery({
    ...settingsQuery(session?.uid ?? ''),
    enabled: Boolean(session),
    refetchInterval: AGAIN_MS,
  })
  const until = data?.[0]?.stoppedUntilTs
  if (!until) return null
  const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
  return (
    <p className={css.stopped} role="status">
      {t('security.stopped', { until: moment.format(Number(until)) })}
    </p>
  )
}
