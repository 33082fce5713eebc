import { type ReactNode, useEffect, useRef, useState } from 'react'
import { openPalette } from '~/app/palette'
import { useTranslation } from '~/i18n'
import { useDirection } from '~/market/direction'
import { pairName, useTicker } from '~/market/instruments'
import { compact, fixed, percent, wayOf } from '~/market/numbers'
import { changeOf } from '~/pages/markets/order'
import { Button } from '~/ui/Button'
import { ChevronIcon } from '~/ui/icons'
import { useDesk } from './desk'
import css from './PairBar.module.css'
import { useIsStale } from './stale'

/** More digits than this beside the figures of the day are too many for a phone. */
const LONG = 9

/** The pair and its last 24 hours; a press on its name switches to another. */
export function PairBar(): ReactNode {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const ticker = useTicker(instrument.instId)
  const direction = useDirection(ticker?.last)
  const isStale = useIsStale()
  const price = (text: string | undefined) => (text ? fixed(text, instrument.priceDecimals) : '—')
  const last = price(ticker?.last)
  useTabTitle(ticker ? `${last} ${instrument.baseCcy}/${instrument.quoteCcy}` : '')
  const change = ticker ? changeOf(ticker) : null
  const volume = ticker?.volCcy24h
  const facts = [
    ['markets.high', price(ticker?.high24h)],
    ['markets.low', price(ticker?.low24h)],
    ['markets.volume', volume ? `${compact(volume)} ${instrument.quoteCcy}` : '—'],
  ] as const
  return (
    <section className={css.bar} aria-label={t('pair.about')}>
      <h1 className={css.name}>
        <Button look="ghost" aria-haspopup="dialog" onClick={() => openPalette('pairs')}>
          {pairName(instrument.instId)}
          <ChevronIcon />
        </Button>
      </h1>
      <div className={css.numbers} data-stale={isStale ? '' : undefined}>
        <b
          className={`${css.last} ${direction === 'same' ? '' : direction}`}
          data-long={last.length > LONG || undefined}
        >
          {last}
        </b>
        <dl className={css.facts}>
          <div>
            <dt>{t('markets.change')}</dt>
            <dd className={wayOf(change ?? 0)}>{change === null ? '—' : percent(change)}</dd>
          </div>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{t(name)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      <Announcer />
    </section>
  )
}

function useTabTitle(title: string): void {
  useEffect(() => {
    if (title) document.title = `${title} · Fullreserve`
  }, [title])
}

const SAID_EVERY_MS = 20_000

/** Tells screen readers the price now and then, not with every trade. */
function Announcer(): ReactNode {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const ticker = useTicker(instrument.instId)
  const newest = useRef(ticker)
  newest.current = ticker
  const [said, setSaid] = useState('')
  useEffect(() => {
    const timer = setInterval(() => {
      const { current } = newest
      if (!current) return
      const { last, bidPx, askPx } = current
      setSaid(t('pair.said', { pair: pairName(instrument.instId), last, bid: bidPx, ask: askPx }))
    }, SAID_EVERY_MS)
    return () => clearInterval(timer)
  }, [t, instrument])
  return (
    <p className="unseen" aria-live="polite">
      {said}
    </p>
  )
}
