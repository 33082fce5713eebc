import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import type { Instrument } from '~/market/instruments'
import css from './MarketsPage.module.css'

const WIDTH = 112
const HEIGHT = 28
const HOURS = 24
const FRESH_MS = 5 * 60_000

/** The closes of the last day's hours as a line. */
export function Sparkline({ instrument: { instId } }: { instrument: Instrument }): ReactNode {
  const { t } = useTranslation()
  const { data } = useQuery({
    queryKey: ['sparkline', instId],
    queryFn: () => closes(instId),
    staleTime: FRESH_MS,
    refetchInterval: FRESH_MS,
  })
  if (!data || data.length < 2) return <span className={css.spark} />
  const rises = (data.at(-1) as number) >= (data[0] as number)
  return (
    <svg
      className={css.spark}
      data-rises={rises}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={t(rises ? 'markets.rose' : 'markets.fell')}
    >
      <path d={line(data)} fill="none" strokeWidth="1.25" vectorEffect="non-scaling-stroke" />
    </svg>
  )
}

async function closes(instId: string): Promise<number[]> {
  const rows = await rest.get<string[], 'market/candles'>('market/candles', {
    instId,
    bar: '1H',
    limit: HOURS,
  })
  return rows.map((row) => Number(row[4])).reverse()
}

function line(values: number[]): string {
  const least = Math.min(...values)
  const span = Math.max(...values) - least || 1
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * WIDTH
    const y = 2 + (1 - (value - least) / span) * (HEIGHT - 4)
    return `${x.toFixed(1)} ${y.toFixed(1)}`
  })
  return `M${points.join('L')}`
}
