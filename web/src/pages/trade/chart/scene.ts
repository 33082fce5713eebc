import {
  type CandlestickData,
  CandlestickSeries,
  CrosshairMode,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  LineStyle,
  type MouseEventParams,
  type SeriesType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts'
import { fixed } from '~/market/numbers'
import type { Bar } from './bars'
import type { Indicator, IndicatorLine } from './indicators'
import { type Palette, readPalette } from './palette'

/** A line at a price that stands for an open order. */
export interface OrderMark {
  id: string
  price: number
  side: 'buy' | 'sell'
  title: string
}

/** What an indicator says at a bar. */
export interface Reading {
  name: string
  colour: string
  value: number
}

export interface FillMark {
  ts: number
  side: 'buy' | 'sell'
  text: string
}

const VOLUME_SHARE = { top: 0.82, bottom: 0 }
const GRAB_PX = 6

/** The chart's picture: candles, volume, indicators, orders and fills. */
export class Scene {
  readonly #chart: IChartApi
  readonly #candles: ISeriesApi<'Candlestick'>
  readonly #volume: ISeriesApi<'Histogram'>
  readonly #markers: ISeriesMarkersPluginApi<Time>
  #palette: Palette
  #bars: Bar[] = []
  #indicators: readonly Indicator[] = []
  #drawn: ISeriesApi<SeriesType>[] = []
  #overlays: IndicatorLine[] = []
  #orders = new Map<string, { mark: OrderMark; line: IPriceLine }>()

  constructor(container: HTMLElement, priceDecimals: number) {
    this.#palette = readPalette()
    this.#chart = createChart(container, {
      autoSize: true,
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 6 },
      layout: { attributionLogo: false, fontSize: 11 },
      rightPriceScale: { scaleMargins: { top: 0.08, bottom: 0.2 } },
    })
    const priceFormat = priceFormatOf(priceDecimals)
    this.#candles = this.#chart.addSeries(CandlestickSeries, { priceFormat })
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume',
      priceFormat: { type: 'volume' },
      lastValueVisible: false,
      priceLineVisible: false,
    })
    this.#chart.priceScale('volume').applyOptions({ scaleMargins: VOLUME_SHARE })
    this.#markers = createSeriesMarkers(this.#candles, [])
    this.recolour()
  }

  close(): void {
    this.#chart.remove()
  }

  /** Calls with the bar under the crosshair, null for none. */
  onCrosshair(listener: (bar: Bar | null) => void): void {
    this.#chart.subscribeCrosshairMove((event: MouseEventParams) => {
      const at = event.logical === undefined ? null : this.#bars[Math.round(event.logical)]
      listener(event.point ? (at ?? null) : null)
    })
  }

  /** Calls when the left end of what is loaded comes near. */
  onLeftEnd(listener: () => void): void {
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from < 20) listener()
    })
  }

  setBars(bars: Bar[], isLastOnly: boolean): void {
    this.#bars = bars
    const last = bars.at(-1)
    if (isLastOnly && last) {
      this.#candles.update(candleOf(last))
      this.#volume.update(this.#volumeOf(last))
    } else {
      this.#candles.setData(bars.map(candleOf))
      this.#volume.setData(bars.map((bar) => this.#volumeOf(bar)))
    }
    this.#drawIndicators()
  }

  setIndicators(indicators: readonly Indicator[]): void {
    this.#indicators = indicators
    for (const series of this.#drawn) this.#chart.removeSeries(series)
    this.#drawn = []
    // Panes that nothing is drawn in any more.
    for (let pane = this.#chart.panes().length - 1; pane > 0; pane -= 1) {
      this.#chart.removePane(pane)
    }
    this.#drawIndicators()
  }

  setOrders(marks: readonly OrderMark[]): void {
    const wanted = new Map(marks.map((mark) => [mark.id, mark]))
    for (const [id, { line }] of this.#orders) {
      if (wanted.has(id)) continue
      this.#candles.removePriceLine(line)
      this.#orders.delete(id)
    }
    for (const mark of marks) {
      const known = this.#orders.get(mark.id)
      if (known) {
        known.mark = mark
        known.line.applyOptions({ price: mark.price, title: mark.title })
      } else {
        const line = this.#candles.createPriceLine({
          price: mark.price,
          title: mark.title,
          color: this.#palette[mark.side === 'buy' ? 'up' : 'down'],
          lineStyle: LineStyle.Dashed,
          lineWidth: 1,
          axisLabelVisible: true,
        })
        this.#orders.set(mark.id, { mark, line })
      }
    }
  }

  /** The named lines over the candles, with their values at a bar. */
  readings(bar: Bar | null): Reading[] {
    const at = this.#bars.findLastIndex(({ ts }) => ts === bar?.ts)
    return this.#overlays.flatMap(({ name, colour, values }) => {
      const value = values[at]
      return name && typeof value === 'number' ? [{ name, colour, value }] : []
    })
  }

  setFills(fills: readonly FillMark[]): void {
    const starts = this.#bars.map(({ ts }) => ts)
    const shown = fills.flatMap(({ ts, side, text }) => {
      const at = starts.findLast((start) => start <= ts)
      if (at === undefined || at === starts[0]) return []
      return {
        time: timeOf(at),
        position: side === 'buy' ? ('belowBar' as const) : ('aboveBar' as const),
        shape: side === 'buy' ? ('arrowUp' as const) : ('arrowDown' as const),
        color: this.#palette[side === 'buy' ? 'up' : 'down'],
        text,
      }
    })
    shown.sort((one, other) => Number(one.time) - Number(other.time))
    this.#markers.setMarkers(shown)
  }

  /** The order whose line is at a height of the picture. */
  orderAt(y: number): OrderMark | null {
    for (const { mark } of this.#orders.values()) {
      const at = this.#candles.priceToCoordinate(mark.price)
      if (at !== null && Math.abs(at - y) <= GRAB_PX) return mark
    }
    return null
  }

  /** Shows an order's line elsewhere while it is dragged; the price there. */
  dragTo(id: string, y: number): number | null {
    const price = this.#candles.coordinateToPrice(y)
    if (price !== null) this.#orders.get(id)?.line.applyOptions({ price })
    return price
  }

  /** Puts a dragged line back to its order's price. */
  putBack(id: string): void {
    const known = this.#orders.get(id)
    known?.line.applyOptions({ price: known.mark.price })
  }

  /** While a line is dragged the picture stays where it is. */
  freeze(isFrozen: boolean): void {
    this.#chart.applyOptions({ handleScroll: !isFrozen, handleScale: !isFrozen })
  }

  /** Takes the colours of the page's theme. */
  recolour(): void {
    const palette = readPalette()
    this.#palette = palette
    this.#chart.applyOptions({
      layout: {
        background: { color: palette.panel },
        textColor: palette.text2,
        fontFamily: palette.font,
        panes: { separatorColor: palette.line, separatorHoverColor: palette.lineStrong },
      },
      grid: { vertLines: { color: palette.line }, horzLines: { color: palette.line } },
      rightPriceScale: { borderColor: palette.line },
      timeScale: { borderColor: palette.line },
      crosshair: {
        vertLine: { color: palette.text3, labelBackgroundColor: palette.label },
        horzLine: { color: palette.text3, labelBackgroundColor: palette.label },
      },
    })
    this.#candles.applyOptions({
      upColor: palette.up,
      downColor: palette.down,
      wickUpColor: palette.up,
      wickDownColor: palette.down,
      borderVisible: false,
    })
    for (const { mark, line } of this.#orders.values()) {
      line.applyOptions({ color: palette[mark.side === 'buy' ? 'up' : 'down'] })
    }
    this.#volume.setData(this.#bars.map((bar) => this.#volumeOf(bar)))
  }

  #volumeOf(bar: Bar) {
    const color = bar.close >= bar.open ? this.#palette.upWash : this.#palette.downWash
    return { time: timeOf(bar.ts), value: bar.volume, color }
  }

  #drawIndicators(): void {
    if (this.#bars.length === 0) return
    let pane = 0
    let at = 0
    this.#overlays = []
    for (const indicator of this.#indicators) {
      if (!indicator.overlay) pane += 1
      const lines = indicator.lines(this.#bars)
      if (indicator.overlay) this.#overlays.push(...lines)
      for (const line of lines) {
        this.#drawn[at] ??= this.#addLine(line, indicator.overlay ? 0 : pane)
        this.#drawn[at]?.setData(pointsOf(line, this.#bars, this.#palette))
        at += 1
      }
    }
    for (const each of this.#chart.panes().slice(1)) each.setStretchFactor(0.28)
  }

  #addLine(line: IndicatorLine, pane: number): ISeriesApi<SeriesType> {
    // Over the candles the legend names them: labels at the axis would hide the newest.
    const title = pane > 0 ? line.name : ''
    const common = { lastValueVisible: false, priceLineVisible: false, title }
    if (line.kind === 'histogram') return this.#chart.addSeries(HistogramSeries, common, pane)
    const isDots = line.kind === 'dots'
    const options = {
      ...common,
      color: line.colour,
      lineWidth: 1 as const,
      lineVisible: !isDots,
      pointMarkersVisible: isDots,
      pointMarkersRadius: 1,
      crosshairMarkerVisible: false,
    }
    return this.#chart.addSeries(LineSeries, options, pane)
  }
}

function pointsOf(line: IndicatorLine, bars: Bar[], palette: Palette) {
  return line.values.flatMap((value, index) => {
    const bar = bars[index]
    if (!bar) return []
    const time = timeOf(bar.ts)
    if (value === null) return { time }
    if (line.kind !== 'histogram') return { time, value }
    return { time, value, color: value >= 0 ? palette.up : palette.down }
  })
}

function candleOf({ ts, open, high, low, close }: Bar): CandlestickData<UTCTimestamp> {
  return { time: timeOf(ts), open, high, low, close }
}

/** The library shows UTC: a time is moved by the reader's zone, so that clocks agree. */
function timeOf(ts: number): UTCTimestamp {
  const offsetMin = new Date(ts).getTimezoneOffset()
  return Math.round(ts / 1000 - offsetMin * 60) as UTCTimestamp
}

function priceFormatOf(decimals: number) {
  const formatter = (price: number) => fixed(price.toFixed(decimals), decimals)
  return { type: 'custom' as const, formatter, minMove: 10 ** -decimals }
}
