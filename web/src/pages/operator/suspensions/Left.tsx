import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { useNow } from '../layout/now'
import { useTranslation } from '../texts'
import { leftText } from './course'
import type { Stop } from './rows'

/** Whether others have ratified a stop, and if not how long they have; after that it is red. */
export function Left({ stop }: { stop: Stop }): ReactNode {
  const { t } = useTranslation()
  const now = useNow(!stop.ratified && Boolean(stop.ratifyByTs))
  if (stop.ratified) return <Badge look="good">{t('op.sus.ratified')}</Badge>
  if (!stop.ratifyByTs) return <Badge look="plain">{t('op.sus.unratified')}</Badge>
  const left = leftText(Number(stop.ratifyByTs), now)
  if (stop.isOverdue || !left) return <Badge look="bad">{t('op.sus.overdue')}</Badge>
  return <Badge look="bad">{t('op.sus.left', { left })}</Badge>
}
