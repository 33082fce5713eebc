import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { trimmed } from '~/market/numbers'
import type { Column } from '~/ui/Table'
import type { Fill } from '../chart/fills'
import { moment, PairLink } from './columns'
import type { HistoryProps } from './HistoryTable'
import { PagedTable } from './PagedTable'
import { Price } from './Price'
import { PAGE_ROWS, usePages } from './pages'

/** What was traded, with its fee. */
export function FillsTable({ instId, archive }: HistoryProps): ReactNode {
  const { t, language } = useTranslation()
  const path = archive ? 'trade/fills-history' : 'trade/fills'
  const pages = usePages<Fill>(
    ['fills', path, instId],
    (after) =>
      rest.get<Fill, typeof path>(path, {
        instType: 'SPOT',
        limit: PAGE_ROWS,
        ...(instId ? { instId } : {}),
        ...(after ? { after } : {}),
      }),
    ({ billId }) => billId,
  )
  const columns: Column<Fill>[] = [
    { id: 'time', title: t('time'), cell: ({ ts }) => moment(ts, language) },
    { id: 'pair', title: t('markets.pair'), cell: ({ instId: of }) => <PairLink instId={of} /> },
    {
      id: 'side',
      title: t('form.side'),
      cell: ({ side }) => <span className={side === 'buy' ? 'up' : 'down'}>{t(side)}</span>,
    },
    {
      id: 'price',
      title: t('form.price'),
      number: true,
      cell: ({ instId: of, fillPx }) => <Price instId={of} px={fillPx} />,
    },
    { id: 'size', title: t('form.size'), number: true, cell: ({ fillSz }) => trimmed(fillSz) },
    {
      id: 'fee',
      title: t('form.fee'),
      number: true,
      cell: ({ fee, feeCcy }) => `${trimmed(fee.replace('-', ''))} ${feeCcy}`,
    },
    {
      id: 'role',
      title: t('orders.role'),
      cell: ({ execType }) => (execType === 'M' ? t('orders.maker') : t('orders.taker')),
    },
  ]
  return (
    <PagedTable
      label={t('orders.fills')}
      columns={columns}
      pages={pages}
      keyOf={({ billId, tradeId }) => `${billId}/${tradeId}`}
      empty={t('orders.noFills')}
    />
  )
}
