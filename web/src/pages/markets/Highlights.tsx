import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useLink, useServices } from '~/app/services'
import { useTranslation } from '~/i18n'
import type { Instrument } from '~/market/instruments'
import { Change, Last } from './cells'
import css from './Highlights.module.css'
import { busiestOf, changeOf, sorted, type Tickers } from './order'
import { Sparkline } from './Sparkline'

interface HighlightsProps {
  instruments: Instrument[] | undefined
  tickers: Tickers
}

/** Where something happens: the pair that is traded most, and those that moved furthest. */
export function Highlights({ instruments = [], tickers }: HighlightsProps): ReactNode {
  const { t } = useTranslation()
  const { streams } = useServices()
  const isLive = useLink(streams.market).kind === 'live'
  const byChange = sorted(instruments.filter(isTraded), tickers, { key: 'change', down: true })
  const tiles = [
    [t('markets.busiest'), busiestOf(instruments, tickers)],
    [t('markets.strongest'), byChange[0]],
    [t('markets.weakest'), byChange.at(-1)],
  ] as const
  return (
    <nav
      className={css.tiles}
      aria-label={t('markets.highlights')}
      data-stale={isLive ? undefined : ''}
    >
      {tiles.map(([title, instrument]) => (
        <Tile key={title} title={title} instrument={instrument} />
      ))}
    </nav>
  )

  function isTraded({ instId }: Instrument): boolean {
    const ticker = tickers.get(instId)
    return Boolean(ticker && changeOf(ticker))
  }
}

/** Its height is the same before there is anything to show. */
function Tile(props: { title: string; instrument: Instrument | undefined }): ReactNode {
  const { title, instrument } = props
  if (!instrument) {
    return (
      <div className={css.tile}>
        <span className={css.title}>{title}</span>
        <span className="muted">—</span>
      </div>
    )
  }
  return (
    <Link to={`/trade/${instrument.instId}`} className={css.tile}>
      <span className={css.title}>{title}</span>
      <span className={css.pair}>
        <b>{instrument.baseCcy}</b>/{instrument.quoteCcy}
      </span>
      <span className={css.numbers}>
        <Last instrument={instrument} /> <Change instrument={instrument} />
      </span>
      <span className={css.line}>
        <Sparkline instrument={instrument} />
      </span>
    </Link>
  )
}
