import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { trimmed } from '~/market/numbers'
import { endedBy } from '~/trading/ended'
import type { Order } from '~/trading/orders'
import type { Column } from '~/ui/Table'
import { commonColumns } from './columns'
import css from './OrdersPanel.module.css'
import { PagedTable } from './PagedTable'
import { Price } from './Price'
import { PAGE_ROWS, usePages } from './pages'

export interface HistoryProps {
  instId?: string | undefined
  /** Of three months instead of seven days. */
  archive?: boolean
}

/** In what it was given: a market order may say what it spends. */
function sizeOf({ sz, tgtCcy, instId }: Order): string {
  const quote = tgtCcy === 'quote_ccy' ? ` ${instId.split('-')[1]}` : ''
  return `${trimmed(sz)}${quote}`
}

function State({ order }: { order: Order }): ReactNode {
  const { t } = useTranslation()
  const reason = endedBy(order)
  return (
    <span className={css.state}>
      {t(`state.${order.state}`)}
      {reason ? <span className="muted">{t(reason)}</span> : null}
    </span>
  )
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
      cell: ({ instId: of, px }) => (px ? <Price instId={of} px={px} /> : t('form.marketPrice')),
    },
    {
      id: 'average',
      title: t('orders.average'),
      number: true,
      cell: ({ instId: of, avgPx }) => (avgPx ? <Price instId={of} px={avgPx} /> : '—'),
    },
    { id: 'size', title: t('form.size'), number: true, cell: sizeOf },
    {
      id: 'filled',
      title: t('orders.filled'),
      number: true,
      cell: ({ accFillSz }) => trimmed(accFillSz || '0'),
    },
    { id: 'state', title: t('orders.state'), cell: (order) => <State order={order} /> },
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
