import type { ReactNode } from 'react'
import type { Sample } from '../rows'
import { useTranslation } from '../texts'
import css from './Overview.module.css'
import { bytesText, pathOf, topOf } from './plot'
import { SPAN_MS } from './series'

export interface PlotLine {
  field: keyof Sample
  name: string
}

export interface LivePlotProps {
  title: string
  lines: readonly PlotLine[]
  samples: readonly Sample[]
  format(value: number): string
}

const WIDTH = 600
const HEIGHT = 100
const COLOURS = ['var(--link)', 'var(--accent)', 'var(--red)']

/** One to three values over the last ten minutes; their newest stand beside their names. */
export function LivePlot({ title, lines, samples, format }: LivePlotProps): ReactNode {
  const { t } = useTranslation()
  const series = lines.map(({ field }) =>
    samples.map((sample) => ({ ts: Number(sample.ts), value: numberOf(sample[field]) })),
  )
  const values = series.flat().map(({ value }) => value)
  const top = topOf(values, format === bytesText)
  const isEmpty = values.every((value) => value === null)
  const end = Number(samples.at(-1)?.ts ?? 0)
  const box = { width: WIDTH, height: HEIGHT, end, spanMs: SPAN_MS, top }
  const newest = series.map((points) => points.at(-1)?.value ?? null)
  const said = lines.map(({ name }, at) => `${name} ${shown(newest[at], format)}`).join(', ')
  return (
    <figure className={css.plot}>
      <figcaption className={css.caption}>
        <span>{title}</span>
        <span className={css.top}>{isEmpty ? t('op.plot.none') : format(top)}</span>
      </figcaption>
      <svg
        className={css.canvas}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t('op.plot.label', { title, values: said })}
      >
        {[0.25, 0.5, 0.75].map((share) => (
          <path key={share} className={css.rule} d={`M0 ${HEIGHT * share}h${WIDTH}`} />
        ))}
        {series.map((points, at) => (
          <path
            key={lines[at]?.field}
            className={css.line}
            style={{ stroke: COLOURS[at] }}
            d={pathOf(points, box)}
          />
        ))}
      </svg>
      <div className={css.span} aria-hidden="true">
        <span>{t('op.plot.from')}</span>
        <span>{t('op.plot.now')}</span>
      </div>
      <ul className={css.legend}>
        {lines.map(({ field, name }, at) => (
          <li key={field}>
            <span className={css.mark} style={{ background: COLOURS[at] }} />
            {name} <b>{shown(newest[at], format)}</b>
          </li>
        ))}
      </ul>
    </figure>
  )
}

function numberOf(text: string): number | null {
  return text === '' ? null : Number(text)
}

function shown(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value)
}
