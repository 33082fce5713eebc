import { memo, type ReactNode, useState } from 'react'
import { useElementHeight } from '~/app/size'
import { useTranslation } from '~/i18n'
import { grouped, type Row } from '~/market/book'
import { useDirection } from '~/market/direction'
import { useBook, useTicker } from '~/market/instruments'
import { decimalsOf, fixed } from '~/market/numbers'
import { Select } from '~/ui/Select'
import { type Desk, takePrice, useDesk } from '../desk'
import { useIsStale } from '../stale'
import css from './OrderBook.module.css'

const GROUPS = [1, 10, 100, 1000]
const ROW_PX = 20
const ROWS_LEAST = 6
const ROWS_MOST = 40

/** Both sides of the book around the last price; a click takes a price into the form. */
export function OrderBookPanel(): ReactNode {
  const { t } = useTranslation()
  const desk = useDesk()
  const { instrument } = desk
  const [times, setTimes] = useState(1)
  const [ref, height] = useElementHeight()
  const book = useBook(instrument.instId)
  const isStale = useIsStale(book.isWhole)
  const step = Number(instrument.tickSz) * times
  // The middle and both halves share what height there is.
  const most = Math.max(ROWS_LEAST, Math.min(ROWS_MOST, Math.floor((height - 34) / 2 / ROW_PX)))
  const asks = grouped(book.asks, step, 'ask', most)
  const bids = grouped(book.bids, step, 'bid', most)
  const deepest = Math.max(asks.at(-1)?.total ?? 0, bids.at(-1)?.total ?? 0)
  const shape = { deepest, decimals: decimalsOf(stepText(instrument.tickSz, times)), desk }
  return (
    <div className={css.book}>
      <div className={css.bar}>
        <span className={css.head} aria-hidden="true">
          <span>{t('book.price', { currency: instrument.quoteCcy })}</span>
          <span>{t('book.size', { currency: instrument.baseCcy })}</span>
          <span>{t('book.sum')}</span>
        </span>
      </div>
      <div ref={ref} className={css.sides} data-stale={isStale ? '' : undefined}>
        <Side {...shape} rows={asks.toReversed()} side="ask" label={t('book.asks')} />
        <Middle times={times} setTimes={setTimes} />
        <Side {...shape} rows={bids} side="bid" label={t('book.bids')} />
      </div>
    </div>
  )
}

interface Shape {
  deepest: number
  decimals: number
  desk: Desk
}

interface SideProps extends Shape {
  rows: Row[]
  side: 'bid' | 'ask'
  label: string
}

function Side({ rows, side, label, deepest, decimals, desk }: SideProps): ReactNode {
  const { sizeDecimals } = desk.instrument
  return (
    <table className={css.side} data-side={side} aria-label={label}>
      <tbody>
        {rows.map(({ price, size, total }) => (
          <LevelRow
            key={price.toFixed(decimals)}
            px={price.toFixed(decimals)}
            size={size.toFixed(sizeDecimals)}
            total={total.toFixed(sizeDecimals)}
            depth={deepest > 0 ? Math.round((total / deepest) * 1000) / 1000 : 0}
            decimals={decimals}
            sizeDecimals={sizeDecimals}
            desk={desk}
          />
        ))}
      </tbody>
    </table>
  )
}

interface LevelProps {
  px: string
  size: string
  total: string
  depth: number
  decimals: number
  sizeDecimals: number
  desk: Desk
}

/** One price; it is drawn anew only when something of it changed, and a new size flashes. */
const LevelRow = memo(function LevelRow(props: LevelProps): ReactNode {
  const { px, size, total, depth, decimals, sizeDecimals, desk } = props
  return (
    <tr className={css.row} onClick={() => takePrice(desk, px)}>
      <td className={css.price}>{fixed(px, decimals)}</td>
      <td>
        <span key={size} className={css.flash}>
          {fixed(size, sizeDecimals)}
        </span>
      </td>
      <td>
        <span className={css.depth} style={{ transform: `scaleX(${depth})` }} />
        {fixed(total, sizeDecimals)}
      </td>
    </tr>
  )
})

interface MiddleProps {
  times: number
  setTimes(times: number): void
}

/** The last price between the sides, and how far they are grouped. */
function Middle({ times, setTimes }: MiddleProps): ReactNode {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const ticker = useTicker(instrument.instId)
  const direction = useDirection(ticker?.last)
  const spread = ticker ? Number(ticker.askPx) - Number(ticker.bidPx) : 0
  // Of the price, since eight decimals would not fit beside it.
  const share = spread > 0 ? (spread / Number(ticker?.askPx)) * 100 : 0
  const about = t('book.spread', { spread: spread.toFixed(instrument.priceDecimals) })
  return (
    <div className={css.middle}>
      <b className={css[direction]}>
        {ticker ? fixed(ticker.last, instrument.priceDecimals) : '—'}
      </b>
      <span className={css.spread} title={about}>
        <span className="unseen">{about}</span>
        <span aria-hidden="true">{share.toFixed(3)}%</span>
      </span>
      <Select
        small
        label={t('book.group')}
        value={String(times)}
        options={GROUPS.map((each) => [String(each), stepText(instrument.tickSz, each)] as const)}
        onChange={(next) => setTimes(Number(next))}
      />
    </div>
  )
}

/** The step of prices in so many ticks, as text. */
function stepText(tick: string, times: number): string {
  return (Number(tick) * times).toFixed(Math.max(0, decimalsOf(tick) - Math.log10(times)))
}
