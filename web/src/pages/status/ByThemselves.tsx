import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useStopped } from './suspensions'

/** The published bounds at which withdrawals of an asset stop by themselves. */
export function ByThemselves(): ReactNode {
  const { t } = useTranslation()
  const stopped = useStopped()
  if (!stopped) return null
  const { hourlyShare, priceAgeH } = stopped
  const bounds = [
    Number(hourlyShare) ? t('stops.share', { percent: hourlyShare }) : '',
    Number(priceAgeH) ? t('stops.price', { hours: priceAgeH }) : '',
  ].filter(Boolean)
  if (bounds.length === 0) return null
  return (
    <p className="muted">
      {bounds.join(' ')} {t('stops.queue')}
    </p>
  )
}
