import { useCallback } from 'react'
import { useTranslation } from '~/i18n'

const UNITS = ['s', 'm', 'H', 'D', 'W', 'M', 'Y'] as const
type Unit = (typeof UNITS)[number]

/** How many of which unit a bar such as 15m has; null for what is none. */
export function partsOf(bar: string): { count: string; unit: Unit } | null {
  const unit = UNITS.find((each) => bar.endsWith(each))
  const count = bar.slice(0, -1)
  return unit && /^\d+$/.test(count) ? { count, unit } : null
}

/** Names of bars and of ranges of time in the reader's language: 15m, 15м, 15分. */
export function useBarNames(): (bar: string) => string {
  const { t } = useTranslation()
  return useCallback(
    (bar) => {
      const parts = partsOf(bar)
      return parts ? t(`bar.${parts.unit}`, { count: parts.count }) : bar
    },
    [t],
  )
}
