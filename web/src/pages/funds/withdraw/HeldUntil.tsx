import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useDates } from '~/pages/account/layout/dates'
import { isHeld, isToConfirm, type Withdrawal } from './withdrawals'

/** Why a withdrawal is held, and until when. */
export function HeldUntil({ row }: { row: Withdrawal }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  if (!isHeld(row, Date.now())) return null
  return (
    <span>
      {t(isToConfirm(row) ? 'withdraw.held.confirm' : 'withdraw.held.delay')} {date(row.xUntilTs)}
    </span>
  )
}
