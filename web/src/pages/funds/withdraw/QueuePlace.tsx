import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useAmounts } from '~/pages/account/layout/amounts'
import { useDates } from '~/pages/account/layout/dates'
import { isQueued, usePlace, type Withdrawal } from './withdrawals'

/** The place in the queue of a suspension: how many and how much is ahead, and when. */
export function QueuePlace({ row }: { row: Withdrawal }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  const place = usePlace(row)
  if (!isQueued(row) || !place?.position) return null
  const { position, aheadAmt, etaFromTs, etaToTs } = place
  return (
    <span>
      {t('withdraw.place', { position, ahead: amount(aheadAmt), ccy: row.ccy })}{' '}
      {etaFromTs ? (
        <>
          {t('withdraw.eta')} {date(etaFromTs)}
          {etaToTs ? <> – {date(etaToTs)}</> : null}
        </>
      ) : (
        t('withdraw.eta.unknown')
      )}
    </span>
  )
}
