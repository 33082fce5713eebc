import Big from 'big.js'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useAmounts } from '~/pages/account/layout/amounts'
import css from './security/Security.module.css'
import { owedOf, useStanding } from './standing'

/** That the account is frozen, and what it owes; nothing of others. */
export function StandingNote(): ReactNode {
  const { t, language } = useTranslation()
  const amount = useAmounts()
  const standing = useStanding()
  if (!standing) return null
  const { frozenBy, debts } = standing
  const owed = owedOf(standing).map(([ccy, each]) => {
    const sum = each.reduce((all, one) => all.plus(one), new Big(0))
    return `${amount(sum.toFixed())} ${ccy}`
  })
  const list = new Intl.ListFormat(language, { type: 'conjunction' }).format(owed)
  const said = [
    frozenBy.includes('exchange') ? t('standing.frozen') : '',
    frozenBy.includes('master') ? t('standing.frozenByMaster') : '',
    debts.length ? t('standing.owed', { debts: list }) : '',
  ].filter(Boolean)
  if (said.length === 0) return null
  return (
    <p className={css.stopped} role="status">
      {said.join(' ')}
    </p>
  )
}
