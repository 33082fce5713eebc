import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { usePreferences } from '~/app/preferences'
import { useRefusalText } from '~/app/refusals'
import { useServices } from '~/app/services'
import { useTranslation } from '~/i18n'
import { useBarNames } from '~/market/barNames'
import { pairName } from '~/market/instruments'
import { compact, fixed, percent, trimmed, wayOf } from '~/market/numbers'
import type { Order } from '~/trading/orders'
import { amend } from '~/trading/placing'
import { useOpenOrders } from '~/trading/use'
import { toast } from '~/ui/toasts'
import { useDesk } from '../desk'
import { useIsStale } from '../stale'
import { type Bar, BarSeries } from './bars'
import css from './CandleChart.module.css'
import { useFills } from './fills'
import { INDICATORS } from './indicators'
import { Scene } from './scene'

export interface CandleChartProps {
  bar: string
  indicators: readonly string[]
}

/** The candles of the pair with own orders and fills; an order's line can be dragged. */
export function CandleChart({ bar, indicators }: CandleChartProps): ReactNode {
  const { t } = useTranslation()
  const nameOf = useBarNames()
  const { instrument } = useDesk()
  const container = useRef<HTMLDivElement>(null)
  const [scene, setScene] = useState<Scene | null>(null)
  const [shown, setShown] = useState<{ bar: Bar | null; last: Bar | null }>({
    bar: null,
    last: null,
  })
  const isStale = useIsStale()
  useEffect(() => {
    if (!container.current) return
    const made = new Scene(container.current, instrument.priceDecimals)
    made.onCrosshair((under) => setShown((before) => ({ ...before, bar: under })))
    setScene(made)
    return () => {
      setScene(null)
      made.close()
    }
  }, [instrument])
  useBars(scene, bar, (last) => setShown((before) => ({ ...before, last })))
  useLooks(scene, indicators)
  useOrderMarks(scene)
  const drag = useDrag(scene)
  return (
    <div className={css.whole} data-stale={isStale ? '' : undefined}>
      <Legend bar={shown.bar ?? shown.last} isTouched={shown.bar !== null} scene={scene} />
      <div
        ref={container}
        className={css.canvas}
        role="img"
        aria-label={t('chart.about', { pair: pairName(instrument.instId), bar: nameOf(bar) })}
        {...drag}
      />
    </div>
  )
}

function useBars(scene: Scene | null, bar: string, onLast: (bar: Bar | null) => void): void {
  const { streams } = useServices()
  const { instrument } = useDesk()
  const said = useRef(onLast)
  said.current = onLast
  useEffect(() => {
    if (!scene) return
    const series = new BarSeries(streams, instrument.instId, bar, (bars, isLastOnly) => {
      scene.setBars(bars, isLastOnly)
      said.current(bars.at(-1) ?? null)
    })
    scene.onLeftEnd(() => void series.older())
    return series.start()
  }, [scene, streams, instrument, bar])
}

function useLooks(scene: Scene | null, indicators: readonly string[]): void {
  const { theme, redUp } = usePreferences()
  useEffect(() => {
    scene?.setIndicators(INDICATORS.filter(({ id }) => indicators.includes(id)))
  }, [scene, indicators])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is read from the page
  useEffect(() => scene?.recolour(), [scene, theme, redUp])
}

function useOrderMarks(scene: Scene | null): void {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const { orders } = useOpenOrders()
  const fills = useFills(instrument.instId)
  useEffect(() => {
    const marks = orders
      .filter(({ instId, px }) => instId === instrument.instId && px)
      .map(({ ordId, px, side, sz }) => ({
        id: ordId,
        price: Number(px),
        side,
        title: `${t(side)} ${sz}`,
      }))
    scene?.setOrders(marks)
  }, [scene, orders, instrument, t])
  useEffect(() => scene?.setFills(fills), [scene, fills])
}

/** Dragging an order's line amends the order's price where it is let go. */
function useDrag(scene: Scene | null) {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const { orders } = useOpenOrders()
  const refusal = useRefusalText()
  const dragged = useRef<{ id: string; price: number } | null>(null)
  const yOf = (event: PointerEvent<HTMLElement>) =>
    event.clientY - event.currentTarget.getBoundingClientRect().top
  const move = async (order: Order, price: number, id: string) => {
    const newPx = price.toFixed(instrument.priceDecimals)
    if (Number(newPx) === Number(order.px)) {
      scene?.putBack(id)
      return
    }
    try {
      await amend(order, { newPx })
      toast(t('orders.amended', { about: `${trimmed(order.sz)} @ ${trimmed(newPx)}` }))
    } catch (problem) {
      scene?.putBack(id)
      toast(refusal(problem), 'bad')
    }
  }
  return {
    onPointerDownCapture: (event: PointerEvent<HTMLElement>) => {
      const mark = scene?.orderAt(yOf(event))
      if (!scene || !mark) return
      event.stopPropagation()
      event.currentTarget.setPointerCapture(event.pointerId)
      scene.freeze(true)
      dragged.current = { id: mark.id, price: mark.price }
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const { current } = dragged
      event.currentTarget.style.cursor = current || scene?.orderAt(yOf(event)) ? 'ns-resize' : ''
      if (!current || !scene) return
      current.price = scene.dragTo(current.id, yOf(event)) ?? current.price
    },
    onPointerUp: () => {
      const { current } = dragged
      dragged.current = null
      scene?.freeze(false)
      const order = orders.find(({ ordId }) => ordId === current?.id)
      if (current && order) void move(order, current.price, current.id)
    },
  }
}

interface LegendProps {
  bar: Bar | null
  /** Whether the bar is under the crosshair; on a phone the numbers of the last are above. */
  isTouched: boolean
  scene: Scene | null
}

/** Open, high, low, close and volume of the bar under the crosshair, else of the last. */
function Legend({ bar, isTouched, scene }: LegendProps): ReactNode {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  if (!bar) return <p className={css.legend}>{t('loading')}</p>
  const price = (value: number) => fixed(value.toFixed(8), instrument.priceDecimals)
  const change = bar.open > 0 ? bar.close / bar.open - 1 : 0
  const values = [
    ['chart.o', price(bar.open)],
    ['chart.h', price(bar.high)],
    ['chart.l', price(bar.low)],
    ['chart.c', price(bar.close)],
    ['chart.v', compact(bar.volume)],
  ] as const
  return (
    <p className={css.legend} data-touched={isTouched || undefined}>
      {values.map(([name, value]) => (
        <span key={name} className={css.value}>
          {t(name)} <b>{value}</b>
        </span>
      ))}
      <b className={`${css.value} ${wayOf(change)}`}>{percent(change)}</b>
      {scene?.readings(bar).map(({ name, colour, value }) => (
        <span key={name}>
          <i className={css.swatch} style={{ background: colour }} /> {name} <b>{price(value)}</b>
        </span>
      ))}
    </p>
  )
}
