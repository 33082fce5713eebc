import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import type { Language } from '~/i18n/catalog'
import { useDates } from '~/pages/account/layout/dates'
import { Expected } from '~/pages/status/Expected'
import { type Line, networkOf } from '../currencies'
import css from '../layout/Funds.module.css'

/** What a row of `asset/deposit-address` says while withdrawals of it are suspended. */
export interface NoWithdrawRow {
  xWhy?: Record<Language, string>
  /** In ms; '' where it is not known. */
  xSinceTs?: string
  xEstOpenTs?: string
}

/** That what is paid in cannot leave: since when, why, and until when. */
export function NoWithdraw({ line, row }: { line: Line; row: NoWithdrawRow }): ReactNode {
  const { t, language } = useTranslation()
  const date = useDates()
  const { ccy, chain } = line
  const { xWhy, xSinceTs, xEstOpenTs = '' } = row
  return (
    <p className={css.warning} role="status">
      <b>
        {t('deposit.noWithdraw', { ccy, network: networkOf(chain), why: xWhy?.[language] ?? '' })}
      </b>{' '}
      {xSinceTs ? (
        <>
          {t('status.since')}: {date(xSinceTs)}.{' '}
        </>
      ) : null}
      {t('deposit.noWithdraw.stays')} <Expected ts={xEstOpenTs} unknown={t('status.noEstimate')} />
    </p>
  )
}
