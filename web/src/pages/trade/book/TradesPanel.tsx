import { memo, type ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import type { Trade } from '~/market/feeds'
import { useTrades } from '~/market/instruments'
import { fixed } from '~/market/numbers'
import { useDesk } from '../desk'
import { useIsStale } from '../stale'
import css from './TradesPanel.module.css'

/** What was traded last, newest first. */
export function TradesPanel(): ReactNode {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const trades = useTrades(instrument.instId)
  const isStale = useIsStale()
  return (
    <section
      className={css.scroll}
      data-stale={isStale ? '' : undefined}
      tabIndex={0}
      aria-label={t('trades.title')}
    >
      <table className={css.table} aria-label={t('trades.title')}>
        <thead>
          <tr>
            <th scope="col">{t('book.price', { currency: instrument.quoteCcy })}</th>
            <th scope="col">{t('book.size', { currency: instrument.baseCcy })}</th>
            <th scope="col">{t('time')}</th>
          </tr>
        </thead>
        <tbody>
          {trades.map((trade) => (
            <TradeRow
              key={trade.tradeId}
              trade={trade}
              priceDecimals={instrument.priceDecimals}
              sizeDecimals={instrument.sizeDecimals}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface TradeRowProps {
  trade: Trade
  priceDecimals: number
  sizeDecimals: number
}

const TradeRow = memo(function TradeRow(props: TradeRowProps): ReactNode {
  const { trade, priceDecimals, sizeDecimals } = props
  return (
    <tr>
      <td className={trade.side === 'buy' ? 'up' : 'down'}>{fixed(trade.px, priceDecimals)}</td>
      <td>{fixed(trade.sz, sizeDecimals)}</td>
      <td className="muted">{clock(trade.ts)}</td>
    </tr>
  )
})

function clock(ts: string): string {
  return new Date(Number(ts)).toLocaleTimeString('en-GB')
}
