import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { prefer, usePreferences } from '~/app/preferences'
import { useTranslation } from '~/i18n'
import { useDirection } from '~/market/direction'
import { type Instrument, pairName, useTicker } from '~/market/instruments'
import { compact, fixed, percent, wayOf } from '~/market/numbers'
import { IconButton } from '~/ui/Button'
import { StarIcon } from '~/ui/icons'
import css from './MarketsPage.module.css'
import { changeOf } from './order'

interface CellProps {
  instrument: Instrument
}

const NOTHING = '—'

export function Favourite({ instrument: { instId } }: CellProps): ReactNode {
  const { t } = useTranslation()
  const { favourites } = usePreferences()
  const isOne = favourites.includes(instId)
  const next = isOne ? favourites.filter((each) => each !== instId) : [...favourites, instId]
  return (
    <IconButton
      size="small"
      className={isOne ? css.starred : css.star}
      label={t('markets.favourite', { pair: pairName(instId) })}
      aria-pressed={isOne}
      onClick={(event) => {
        event.stopPropagation()
        prefer({ favourites: next })
      }}
    >
      <StarIcon filled={isOne} />
    </IconButton>
  )
}

export function PairName({ instrument: { instId, baseCcy, quoteCcy } }: CellProps): ReactNode {
  return (
    <Link
      to={`/trade/${instId}`}
      aria-label={`${baseCcy}/${quoteCcy}`}
      className={css.pair}
      onClick={(event) => event.stopPropagation()}
    >
      <b>{baseCcy}</b>
      <span>/{quoteCcy}</span>
    </Link>
  )
}

export function Last({ instrument: { instId, priceDecimals } }: CellProps): ReactNode {
  const last = useTicker(instId)?.last
  const direction = useDirection(last)
  return <b className={css[direction]}>{last ? fixed(last, priceDecimals) : NOTHING}</b>
}

export function Change({ instrument: { instId } }: CellProps): ReactNode {
  const ticker = useTicker(instId)
  const change = ticker ? changeOf(ticker) : null
  if (change === null) return NOTHING
  return <span className={wayOf(change)}>{percent(change)}</span>
}

export function High({ instrument: { instId, priceDecimals } }: CellProps): ReactNode {
  const high = useTicker(instId)?.high24h
  return high ? fixed(high, priceDecimals) : NOTHING
}

export function Low({ instrument: { instId, priceDecimals } }: CellProps): ReactNode {
  const low = useTicker(instId)?.low24h
  return low ? fixed(low, priceDecimals) : NOTHING
}

export function Volume({ instrument: { instId, quoteCcy } }: CellProps): ReactNode {
  const volume = useTicker(instId)?.volCcy24h
  if (!volume) return NOTHING
  return (
    <>
      {compact(volume)} <span className="muted">{quoteCcy}</span>
    </>
  )
}
