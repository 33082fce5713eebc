import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Expected } from '~/pages/status/Expected'
import { type Line, networkOf } from '../currencies'
import css from '../layout/Funds.module.css'

/** That a withdrawal waits in the queue now, and until when. */
export function Suspended({ line }: { line: Line }): ReactNode {
  const { t } = useTranslation()
  const { ccy, chain, wdEstOpenTime } = line
  return (
    <p className={css.warning} role="status">
      {t('withdraw.suspended', { ccy, network: networkOf(chain) })} <Expected ts={wdEstOpenTime} />
    </p>
  )
}
