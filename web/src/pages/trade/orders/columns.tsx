import { Link } from '@tanstack/react-router'
import type { Translator } from '~/i18n/translator'
import { pairName } from '~/market/instruments'
import type { Order } from '~/trading/orders'
import type { Column } from '~/ui/Table'
import css from './OrdersPanel.module.css'

/** A moment in the reader's language: date and time to the second. */
export function moment(ts: string, language: string): string {
  return new Date(Number(ts)).toLocaleString(language, {
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
}

type Described = Pick<Order, 'cTime' | 'instId' | 'side' | 'ordType'>

/** Time, pair, type and side: how every list of orders begins. */
export function commonColumns(t: Translator['t'], language: string): Column<Described>[] {
  return [
    { id: 'time', title: t('time'), cell: ({ cTime }) => moment(cTime, language) },
    {
      id: 'pair',
      title: t('markets.pair'),
      cell: ({ instId }) => <PairLink instId={instId} />,
    },
    { id: 'type', title: t('form.type'), cell: ({ ordType }) => t(`type.${ordType}`) },
    {
      id: 'side',
      title: t('form.side'),
      cell: ({ side }) => <span className={side === 'buy' ? 'up' : 'down'}>{t(side)}</span>,
    },
  ]
}

export function PairLink({ instId }: { instId: string }) {
  return (
    <Link to={`/trade/${instId}`} className={css.pair}>
      {pairName(instId)}
    </Link>
  )
}
