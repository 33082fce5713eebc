import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Copyable } from '~/pages/account/layout/Copyable'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import cells from '../layout/Cells.module.css'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import { type Gift, giftsOf } from './gifts'
import type { Reconciliation } from './rows'

/** Coins that strangers sent on a network, with what books them; nothing where there are none. */
export function GiftsSection({ found }: { found: Reconciliation }): ReactNode {
  const { t } = useTranslation()
  const columns = useColumns()
  const gifts = giftsOf(found)
  if (gifts.length === 0) return null
  const title = t('op.reconciliation.gifts', { network: found.network })
  return (
    <Section title={title} about={t('op.reconciliation.giftsAbout')} flush>
      <Table
        label={title}
        columns={columns}
        rows={gifts}
        keyOf={({ command }) => command}
        empty="–"
        cards
      />
    </Section>
  )
}

function useColumns(): Column<Gift>[] {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  return [
    {
      id: 'tier',
      title: t('op.tierColumn'),
      cell: ({ tier, ccy }) => (
        <span>
          <b>{ccy}</b> {word('tierName', tier)}
        </span>
      ),
    },
    { id: 'amt', title: t('form.size'), number: true, cell: ({ amt }) => amount(amt) },
    {
      id: 'tx',
      title: t('op.wd.tx'),
      cell: ({ txId, height, count }) => (
        <span className={cells.long}>
          {txId
            ? `${txId} · ${t('op.custody.block', { height: amount(height) })}`
            : t('op.reconciliation.giftsAll', { count })}
        </span>
      ),
    },
    {
      id: 'command',
      title: t('op.reconciliation.book'),
      cell: ({ command }) => (
        <span className={css.booking}>
          <Copyable label={t('op.reconciliation.book')} text={command} isLabelled={false} />
        </span>
      ),
    },
  ]
}
