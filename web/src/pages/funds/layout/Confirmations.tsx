import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import css from './Funds.module.css'

/** How many blocks of those that are needed bear a transaction. */
export function Confirmations({ count, needed }: { count: number; needed: number }): ReactNode {
  const { t } = useTranslation()
  const shown = Math.min(count, needed)
  const words = t('funds.confirmations', { count: shown, needed })
  return (
    <span className={css.meter}>
      <progress value={shown} max={needed} aria-label={words} />
      <span>{words}</span>
    </span>
  )
}
