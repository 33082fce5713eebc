import type { ReactNode } from 'react'
import { exchangeNow, useAhead } from '~/api/time'
import { spanOf } from '~/app/span'
import { useTranslation } from '~/i18n'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import css from '../layout/Funds.module.css'
import { type Booked, isLocked } from './book'

/** Whether an address may be withdrawn to, or from when on. */
export function Lock({ row }: { row: Booked }): ReactNode {
  const { t, language } = useTranslation()
  const date = useDates()
  // The exchange's clock decides; until it is known this device's does.
  useAhead()
  if (!isLocked(row)) return <Badge look="good">{t('addresses.usable')}</Badge>
  const span = spanOf(Number(row.usableTime) - exchangeNow(), language)
  return (
    <span className={css.cell}>
      <Badge look="bad">{t('addresses.locked', { span })}</Badge>
      <small>
        {t('addresses.from')} {date(row.usableTime)}
      </small>
    </span>
  )
}
