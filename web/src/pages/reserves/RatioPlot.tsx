import { type ReactNode, useState } from 'react'
import { useTranslation } from '~/i18n'
import { useDates } from '~/pages/account/layout/dates'
import { Tabs } from '~/ui/Tabs'
import { lowest, lowestByAsset, type Point } from './published'
import css from './ReservesPage.module.css'

const DAY_MS = 24 * 3600 * 1000
const DAYS = [1, 7, 30, 90]
const [WIDTH, HEIGHT] = [600, 120]

/** Each asset's ratio over the last days, the lowest of all, and the line of 100 %. */
export function RatioPlot({ points, now }: { points: Point[]; now: number }): ReactNode {
  const { t } = useTranslation()
  const [days, setDays] = useState('1')
  const tabs = DAYS.map((each) => ({
    id: String(each),
    title: t('reserves.days', { count: each }),
    content: <Plot points={points} from={now - each * DAY_MS} to={now} />,
  }))
  return <Tabs label={t('reserves.history')} value={days} onChange={setDays} tabs={tabs} />
}

function Plot({ points, from, to }: { points: Point[]; from: number; to: number }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const shown = points.filter(({ ts }) => ts >= from)
  const lows = lowestByAsset(shown)
  const known = shown
    .map(({ ts, ratios }) => ({ ts, value: lowest(Object.values(ratios)) }))
    .filter((one): one is { ts: number; value: number } => one.value !== null)
  const least = known.length ? Math.min(...known.map(({ value }) => value)) : null
  if (least === null) return <p className={`${css.plot} ${css.quiet}`}>{t('reserves.noHistory')}</p>
  const all = shown.flatMap(({ ratios }) => Object.values(ratios).map(Number))
  // One asset of which little is owed must not press the others down to a line.
  const most = 4 * Math.max(1.1, ...known.map(({ value }) => value))
  const top = Math.min(most, 1.05 * all.reduce((one, other) => Math.max(one, other), 1.1))
  // Of a young exchange all that there is: a dot at the end would say nothing.
  const start = Math.max(from, known[0]?.ts ?? from)
  const x = (ts: number) => ((ts - start) / Math.max(1, to - start)) * WIDTH
  const y = (value: number) => HEIGHT - (Math.min(value, top) / top) * HEIGHT
  const at = (ts: number, value: number) => `${x(ts).toFixed(1)},${y(value).toFixed(1)}`
  const path = known.map(({ ts, value }) => at(ts, value)).join(' ')
  const line = (symbol: string) =>
    shown.flatMap(({ ts, ratios }) => (ratios[symbol] ? [at(ts, Number(ratios[symbol]))] : []))
  const words = t('reserves.lowest', { ratio: (least * 100).toFixed(2) })
  return (
    <figure className={css.plot}>
      <div className={css.canvas}>
        <span className={css.mark} style={{ top: `${(y(1) / HEIGHT) * 100}%` }}>
          100%
        </span>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <line className={css.full} x1="0" x2={WIDTH} y1={y(1)} y2={y(1)} />
          {lows.map(([symbol]) => (
            <polyline key={symbol} className={css.each} points={line(symbol).join(' ')} />
          ))}
          <polyline className={least >= 1 ? css.good : css.bad} points={path} />
        </svg>
      </div>
      <div className={css.span}>
        {date(String(start))}
        {date(String(to))}
      </div>
      <figcaption>
        {words}
        <ul className={css.lows}>
          {lows.map(([symbol, low]) => (
            <li key={symbol}>{`${symbol} ${(low * 100).toFixed(2)}%`}</li>
          ))}
        </ul>
      </figcaption>
    </figure>
  )
}
