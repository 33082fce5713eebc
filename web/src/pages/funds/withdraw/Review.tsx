import Big from 'big.js'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Confirm } from '~/pages/account/layout/Confirm'
import type { Booked } from '../addresses/book'
import { type Line, networkOf } from '../currencies'
import css from '../layout/Funds.module.css'
import { Suspended } from './Suspended'

export interface Wanted {
  line: Line
  address: Booked
  amt: string
  /** Whether a queue may pay it in parts. */
  split: boolean
}

interface Props {
  wanted: Wanted
  onClose(): void
  onConfirm(): Promise<void>
}

/** All of a withdrawal once more: what is on a chain cannot be taken back. */
export function Review({ wanted, onClose, onConfirm }: Props): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const { line, address, amt, split } = wanted
  const { ccy, chain, fee } = line
  const facts = [
    [t('funds.network'), networkOf(chain)],
    [t('withdraw.arrives'), `${amount(amt)} ${ccy}`],
    [t('withdraw.fee'), `${amount(fee)} ${ccy}`],
    [t('withdraw.all'), `${amount(new Big(amt).plus(fee).toFixed())} ${ccy}`],
    ...(split ? [[t('withdraw.split'), t('withdraw.split.yes')] as const] : []),
  ] as const
  return (
    <Confirm
      title={t('withdraw.review')}
      about={t('withdraw.review.about')}
      deed={t('withdraw.send')}
      onClose={onClose}
      onConfirm={onConfirm}
    >
      <div>
        <p>{address.label}</p>
        <Emphasised address={address.addr} />
      </div>
      {line.canWd ? null : <Suspended line={line} />}
      <dl className={css.sum}>
        {facts.map(([name, value]) => (
          <div key={name} className={css.line}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Confirm>
  )
}

const ENDS = 6

/** An address whose beginning and end, which people compare, stand out; all of it is there. */
function Emphasised({ address }: { address: string }): ReactNode {
  return (
    <p className={css.address}>
      <code>
        <b>{address.slice(0, ENDS)}</b>
        {address.slice(ENDS, -ENDS)}
        <b>{address.slice(-ENDS)}</b>
      </code>
    </p>
  )
}
