import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { trimmed } from '~/market/numbers'
import type { Order } from '~/trading/orders'
import type { Column } from '~/ui/Table'
import { commonColumns } from './columns'
import { PagedTable } from './PagedTable'
import { PAGE_ROWS, usePages } from './pages'

export interface HistoryProps {
  instId?: string | undefined
  /** Of three months instead of seven days. */
  archive?: boolean
}

/** Orders that are over. */
export function HistoryTable({ instId, archive }: HistoryProps): ReactNode {
  const { t, language } = useTranslation()
  const path = archive ? 'trade/orders-history-archive' : 'trade/orders-history'
  const pages = usePages<Order>(
    ['orders', path, instId],
    (after) =>
      rest.get<Order, typeof path>(path, {
        instType: 'SPOT',
        limit: PAGE_ROWS,
        ...(instId ? { instId } : {}),
        ...(after ? { after } : {}),
      }),
    ({ ordId }) => ordId,
  )
  const columns: Column<Order>[] = [
    ...commonColumns(t, language),
    {
      id: 'price',
      title: t('form.price'),
      number: true,
      cell: ({ px }) => (px ? trimmed(px) : t('form.marketPrice')),
    },
    {
      id: 'average',
      title: t('orders.average'),
      number: true,
      cell: ({ avgPx }) => (avgPx ? trimmed(avgPx) : '—'),
    },
    { id: 'size', title: t('form.size'), number: true, cell: ({ sz }) => trimmed(sz) },
    {
      id: 'filled',
      title: t('orders.filled'),
      number: true,
      cell: ({ accFillSz }) => trimmed(accFillSz || '0'),
    },
    { id: 'state', title: t('orders.state'), cell: ({ state }) => t(`state.${state}`) },
  ]
  return (
    <PagedTable
      label={t('orders.history')}
      columns={columns}
      pages={pages}
      keyOf={({ ordId }) => ordId}
      empty={t('orders.noHistory')}
    />
  )
}
