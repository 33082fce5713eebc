import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import type { Level } from '~/market/book'
import { useBook } from '~/market/instruments'
import { fixed, trimmed } from '~/market/numbers'
import { useDesk } from '../desk'
import { useIsStale } from '../stale'
import css from './DepthChart.module.css'

const WIDTH = 1000
const HEIGHT = 400

interface Point {
  price: number
  total: number
}

/** What could be bought and sold up to each price around the middle. */
export function DepthChart(): ReactNode {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const book = useBook(instrument.instId)
  const isStale = useIsStale(book.isWhole)
  const [bids, asks] = [summed(book.bids), summed(book.asks)]
  const [lowest, highest] = [bids.at(-1), asks.at(-1)]
  if (!lowest || !highest) return <p className={css.empty}>{t('depth.empty')}</p>
  const middle = ((bids[0]?.price ?? 0) + (asks[0]?.price ?? 0)) / 2
  const reach = Math.min(middle - lowest.price, highest.price - middle)
  const [from, to] = [middle - reach, middle + reach]
  const inside = ({ price }: Point) => price >= from && price <= to
  const sides = [bids.filter(inside), asks.filter(inside)] as const
  const most = Math.max(...sides.map((side) => side.at(-1)?.total ?? 0)) * 1.08
  const place = ({ price, total }: Point): [number, number] => [
    ((price - from) / (to - from)) * WIDTH,
    HEIGHT - (total / most) * HEIGHT,
  ]
  const about = t('depth.about', {
    bids: trimmed(sides[0].at(-1)?.total.toFixed(4) ?? '0'),
    asks: trimmed(sides[1].at(-1)?.total.toFixed(4) ?? '0'),
    currency: instrument.baseCcy,
  })
  return (
    <figure className={css.depth} data-stale={isStale ? '' : undefined}>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={about}
      >
        <path className={css.bids} d={area(sides[0].map(place), 0)} />
        <path className={css.asks} d={area(sides[1].map(place), WIDTH)} />
      </svg>
      <figcaption className={css.scale}>
        {[from, middle, to].map((price) => (
          <span key={price}>{fixed(price.toFixed(8), instrument.priceDecimals)}</span>
        ))}
      </figcaption>
    </figure>
  )
}

function summed(levels: Level[]): Point[] {
  let total = 0
  return levels.map(({ price, size }) => {
    total += size
    return { price, total }
  })
}

/** Steps from the middle outwards, closed along the bottom. */
function area(points: [number, number][], edge: number): string {
  const [first] = points
  if (!first) return ''
  let path = `M${first[0].toFixed(1)} ${HEIGHT}`
  for (const [x, y] of points) path += `H${x.toFixed(1)}V${y.toFixed(1)}`
  return `${path}H${edge}V${HEIGHT}Z`
}
