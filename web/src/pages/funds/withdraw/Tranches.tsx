import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useAmounts } from '~/pages/account/layout/amounts'
import css from '../layout/Funds.module.css'
import { isAllSent, type Withdrawal } from './withdrawals'

/** Of one that is paid in parts: what was sent of it, and what is left; nothing of others. */
export function Tranches({ row }: { row: Withdrawal }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const { ccy, xLeftAmt, xAskedAmt, xPaidAmt, xParentWdId, xTranches } = row
  if (xParentWdId) return <span>{t('withdraw.split.part', { asked: amount(xAskedAmt), ccy })}</span>
  if (!xTranches?.length) return null
  const values = { paid: amount(xPaidAmt), asked: amount(xAskedAmt), ccy }
  return (
    <span>
      {isAllSent(row)
        ? t('withdraw.split.paid', values)
        : t('withdraw.split.left', { ...values, left: amount(xLeftAmt) })}
    </span>
  )
}

/** The ways to its parts, or from one to the whole. */
export function TrancheLinks({ row }: { row: Withdrawal }): ReactNode {
  const { t } = useTranslation()
  const others = row.xParentWdId ? [row.xParentWdId] : (row.xTranches ?? [])
  if (!others.length) return null
  const name = t(row.xParentWdId ? 'withdraw.split.whole' : 'withdraw.split.parts')
  return (
    <p>
      {name}{' '}
      {others.map((wdId) => (
        <span key={wdId}>
          <Link to={`/withdraw/${wdId}`} className={css.link}>
            …{wdId.slice(-6)}
          </Link>{' '}
        </span>
      ))}
    </p>
  )
}
