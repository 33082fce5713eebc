import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useDates } from '~/pages/account/layout/dates'

interface ExpectedProps {
  /** In ms; '' where nobody can say, or where it has passed. */
  ts: string
  /** Whether a time was told that has passed. */
  isLate?: boolean | undefined
  /** What is said where nobody ever told a time. */
  unknown?: ReactNode
}

/** Until when something waits: a time that has passed is no time to wait for. */
export function Expected({ ts, isLate = false, unknown = null }: ExpectedProps): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  if (isLate || hasPassed(ts, Date.now())) return t('status.late')
  if (!ts) return unknown
  return (
    <>
      {t('funds.expected')} {date(ts)}
    </>
  )
}

/** Whether a time that was told lies behind. */
export function hasPassed(ts: string, nowMs: number): boolean {
  return ts !== '' && Number(ts) <= nowMs
}
