import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import type { Asset } from './assets'
import css from './PortfolioPage.module.css'

const SHOWN = 6
const RADIUS = 42
const AROUND = 2 * Math.PI * RADIUS

/** Shares of the whole; small ones together. */
export function Donut({ assets, total }: { assets: Asset[]; total: number }): ReactNode {
  const { t } = useTranslation()
  const valued = assets.filter(({ worth }) => worth > 0)
  const parts = valued
    .slice(0, SHOWN)
    .map(({ ccy, worth }) => ({ name: ccy, share: worth / total }))
  const rest = valued.slice(SHOWN).reduce((sum, { worth }) => sum + worth, 0)
  if (rest > 0) parts.push({ name: t('portfolio.others'), share: rest / total })
  let turned = 0
  const arcs = parts.map(({ name, share }, index) => {
    const from = turned
    turned += share
    return { name, share, from, className: css[`part${index}`] }
  })
  return (
    <div className={css.donut}>
      <svg viewBox="0 0 100 100" aria-hidden="true">
        {arcs.map(({ name, share, from, className }) => (
          <circle
            key={name}
            className={className}
            cx="50"
            cy="50"
            r={RADIUS}
            strokeDasharray={`${Math.max(0, share * AROUND - 0.8)} ${AROUND}`}
            strokeDashoffset={-from * AROUND}
          />
        ))}
      </svg>
      <ul className={css.legend}>
        {arcs.map(({ name, share, className }) => (
          <li key={name}>
            <span className={`${css.swatch} ${className}`} aria-hidden="true" />
            {name}
            <b>{(share * 100).toFixed(1)}%</b>
          </li>
        ))}
      </ul>
    </div>
  )
}
