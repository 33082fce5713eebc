import Big from 'big.js'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useAmounts } from '~/pages/account/layout/amounts'
import { type Line, networkOf } from '../currencies'
import css from '../layout/Funds.module.css'

/** That withdrawals are capped or looked at by people, though they are not stopped. */
export function Limited({ line }: { line: Line }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const { ccy, chain, xWdCapUsd, xWdCapLeftUsd, xWdCapAll, xWdReviewed } = line
  const usd = (text: string) => amount(new Big(text).round(0, Big.roundDown).toFixed())
  const caps = { ccy, cap: xWdCapUsd && usd(xWdCapUsd), left: xWdCapLeftUsd && usd(xWdCapLeftUsd) }
  const said = [
    xWdCapUsd ? t('withdraw.limited.each', caps) : '',
    xWdCapAll ? t('withdraw.limited.all', { amount: amount(xWdCapAll), ccy }) : '',
    xWdReviewed ? t('withdraw.reviewed', { ccy, network: networkOf(chain) }) : '',
  ].filter(Boolean)
  if (said.length === 0) return null
  return (
    <p className={css.warning} role="status">
      {said.join(' ')}
    </p>
  )
}
