import { AreaSeries, type AutoscaleInfo, createChart, type UTCTimestamp } from 'lightweight-charts'
import { type ReactNode, useEffect, useRef } from 'react'
import { usePreferences } from '~/app/preferences'
import { useTranslation } from '~/i18n'
import { fixed } from '~/market/numbers'
import { readPalette } from '~/pages/trade/chart/palette'
import css from './PortfolioPage.module.css'
import { spanOf, type Worth } from './worth'

/** The value over time as an area. */
export function WorthChart({ points }: { points: Worth[] }): ReactNode {
  const { t } = useTranslation()
  const { theme, redUp } = usePreferences()
  const container = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page
  useEffect(() => {
    if (!container.current) return
    const palette = readPalette()
    const chart = createChart(container.current, {
      autoSize: true,
      handleScroll: false,
      handleScale: false,
      layout: {
        attributionLogo: false,
        background: { color: palette.panel },
        textColor: palette.text2,
        fontFamily: palette.font,
        fontSize: 11,
      },
      grid: { vertLines: { visible: false }, horzLines: { color: palette.line } },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderColor: palette.line, timeVisible: true },
      localization: { priceFormatter: (value: number) => fixed(value.toFixed(2), 2) },
    })
    const rises = (points.at(-1)?.value ?? 0) >= (points[0]?.value ?? 0)
    const colour = rises ? palette.up : palette.down
    const area = chart.addSeries(AreaSeries, {
      lineColor: colour,
      topColor: `${colour}40`,
      bottomColor: `${colour}05`,
      lineWidth: 2,
      priceLineVisible: false,
      autoscaleInfoProvider: (whole: () => AutoscaleInfo | null) => widened(whole()),
    })
    area.setData(points.map(({ ts, value }) => ({ time: timeOf(ts), value })))
    chart.timeScale().fitContent()
    return () => chart.remove()
  }, [points, theme, redUp])
  return (
    <div ref={container} className={css.canvas} role="img" aria-label={t('portfolio.overTime')} />
  )
}

function widened(found: AutoscaleInfo | null): AutoscaleInfo | null {
  if (!found?.priceRange) return found
  const [minValue, maxValue] = spanOf(found.priceRange.minValue, found.priceRange.maxValue)
  return { ...found, priceRange: { minValue, maxValue } }
}

function timeOf(ts: number): UTCTimestamp {
  return Math.round(ts / 1000 - new Date(ts).getTimezoneOffset() * 60) as UTCTimestamp
}
