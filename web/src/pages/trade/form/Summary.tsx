import type { ReactNode } from 'react'
import { useSession } from '~/api/session'
import { useTranslation } from '~/i18n'
import { about, trimmed } from '~/market/numbers'
import { useTransfer } from '~/pages/portfolio/transfer'
import { IconButton } from '~/ui/Button'
import { SwapIcon } from '~/ui/icons'
import { useDesk } from '../desk'
import { type Checked, type Draft, type Facts, UNPRICED } from './draft'
import css from './OrderForm.module.css'

interface SummaryProps {
  draft: Draft
  facts: Facts
  checked: Checked
}

const NOTHING = '—'

/** What is there to spend, and what the order comes to. */
export function Summary({ draft, facts, checked }: SummaryProps): ReactNode {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const session = useSession()
  const openTransfer = useTransfer()
  const spent = draft.side === 'buy' ? instrument.quoteCcy : instrument.baseCcy
  const available = facts.available === null ? NOTHING : `${trimmed(facts.available)} ${spent}`
  const { fee, total } = checked
  return (
    <dl className={css.summary}>
      <dt>{t('form.available')}</dt>
      <dd>
        {available}
        {session ? (
          <IconButton size="small" label={t('transfer.title')} onClick={() => openTransfer(spent)}>
            <SwapIcon size={14} />
          </IconButton>
        ) : null}
      </dd>
      {UNPRICED.has(draft.ordType) ? (
        <>
          <dt>{t('form.total')}</dt>
          <dd>{total ? `${about(total)} ${instrument.quoteCcy}` : NOTHING}</dd>
        </>
      ) : null}
      <dt>{t('form.fee')}</dt>
      <dd>{fee ? `${about(fee.amount)} ${fee.currency}` : NOTHING}</dd>
    </dl>
  )
}
