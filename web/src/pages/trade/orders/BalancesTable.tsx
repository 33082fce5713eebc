import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { fixed, trimmed } from '~/market/numbers'
import { useTransfer } from '~/pages/portfolio/transfer'
import type { Balance } from '~/trading/account'
import { useBalances } from '~/trading/use'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import css from './OrdersPanel.module.css'

/** What the trading account holds. */
export function BalancesTable(): ReactNode {
  const { t } = useTranslation()
  const balances = useBalances()
  const openTransfer = useTransfer()
  const rows = [...(balances?.values() ?? [])]
    .filter(({ cashBal }) => Number(cashBal) > 0)
    .sort((one, other) => Number(other.eqUsd) - Number(one.eqUsd))
  const columns: Column<Balance>[] = [
    { id: 'currency', title: t('currency'), cell: ({ ccy }) => <b className={css.pair}>{ccy}</b> },
    { id: 'all', title: t('form.total'), number: true, cell: ({ cashBal }) => trimmed(cashBal) },
    {
      id: 'available',
      title: t('form.available'),
      number: true,
      cell: ({ availBal }) => trimmed(availBal),
    },
    {
      id: 'held',
      title: t('balances.held'),
      number: true,
      cell: ({ ordFrozen }) => trimmed(ordFrozen || '0'),
    },
    {
      id: 'worth',
      title: t('balances.worth'),
      number: true,
      cell: ({ eqUsd }) => (eqUsd ? `≈ ${fixed(eqUsd, 2)}` : '—'),
    },
    {
      id: 'actions',
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
      label={t('orders.balances')}
      columns={columns}
      rows={rows}
      keyOf={({ ccy }) => ccy}
      empty={balances ? t('balances.none') : t('loading')}
    />
  )
}
