import Big from 'big.js'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useAmounts } from '~/pages/account/layout/amounts'
import { useTransfer } from '~/pages/portfolio/transfer'
import { Button } from '~/ui/Button'
import type { Line } from '../currencies'
import css from '../layout/Funds.module.css'
import { quotaLeft } from './amount'

/** What a withdrawal costs, and the limits that it has to keep. */
export function Costs({ line, amt }: { line: Line; amt: Big | null }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const openTransfer = useTransfer()
  const { ccy, fee, minWd, maxWd, wdQuota } = line
  const left = quotaLeft(line)
  const facts = [
    [t('withdraw.arrives'), amt ? `${amount(amt.toFixed())} ${ccy}` : '–'],
    [t('withdraw.fee'), `${amount(fee)} ${ccy}`],
    [t('withdraw.all'), amt ? `${amount(amt.plus(fee).toFixed())} ${ccy}` : '–'],
    [t('withdraw.bounds'), `${amount(minWd)} – ${amount(maxWd)} ${ccy}`],
    [t('withdraw.quota'), t('withdraw.quota.left', { left: usd(left), quota: usd(wdQuota) })],
  ] as const
  return (
    <>
      <dl className={css.sum}>
        {facts.map(([name, value]) => (
          <div key={name} className={css.line}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="muted">
        {t('withdraw.fromFunding')}{' '}
        <Button size="small" onClick={() => openTransfer(ccy, true)}>
          {t('transfer.title')}
        </Button>
      </p>
    </>
  )

  function usd(value: Big | string): string {
    return amount(new Big(value).round(0, Big.roundDown).toFixed())
  }
}
