import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { fixed, trimmed } from '~/market/numbers'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import type { Asset } from './assets'
import { useTransfer } from './transfer'

/** What is held of each currency, and where. */
export function AssetsTable(props: { assets: Asset[]; isLoading: boolean }): ReactNode {
  const { t } = useTranslation()
  const openTransfer = useTransfer()
  const columns: Column<Asset>[] = [
    { id: 'currency', title: t('currency'), cell: ({ ccy }) => <b>{ccy}</b> },
    {
      id: 'all',
      title: t('form.total'),
      number: true,
      cell: ({ trading, funding }) => trimmed(trading.plus(funding)),
    },
    {
      id: 'trading',
      detail: true,
      title: t('transfer.trading'),
      number: true,
      cell: ({ trading }) => trimmed(trading),
    },
    {
      id: 'funding',
      detail: true,
      title: t('transfer.funding'),
      number: true,
      cell: ({ funding }) => trimmed(funding),
    },
    {
      id: 'held',
      detail: true,
      title: t('balances.held'),
      number: true,
      cell: ({ held }) => trimmed(held),
    },
    {
      id: 'worth',
      title: t('balances.worth'),
      number: true,
      cell: ({ worth }) => (worth > 0 ? `≈ ${fixed(worth.toFixed(2), 2)}` : '—'),
    },
    {
      id: 'actions',
      detail: true,
      title: <span className="unseen">{t('orders.actions')}</span>,
      number: true,
      cell: ({ ccy }) => (
        <Button size="small" onClick={() => openTransfer(ccy)}>
          {t('transfer.title')}
        </Button>
      ),
    },
  ]
  return (
    <Table
      cards
      label={t('portfolio.assets')}
      columns={columns}
      rows={props.assets}
      keyOf={({ ccy }) => ccy}
      empty={props.isLoading ? t('loading') : t('balances.none')}
    />
  )
}
