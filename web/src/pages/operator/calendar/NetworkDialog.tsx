import type { ReactNode } from 'react'
import type { Line } from '../custody/rows'
import type { ActField } from '../layout/ActDialog'
import { ProposeDialog } from '../layout/ProposeDialog'
import { useReading } from '../layout/reading'
import { useTranslation } from '../texts'
import { NetworkPreview } from './Preview'

/** Proposes a window in which deposits and withdrawals on a network wait. */
export function NetworkDialog({ onClose }: { onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const { data } = useReading<Line, 'x/operator/custody'>('x/operator/custody', {})
  const networks = [...new Set(data?.map(({ network }) => network))]
  if (!data) return null
  const fields: ActField[] = [
    {
      name: 'chain',
      label: t('op.sus.network'),
      hint: networks.length ? '' : t('op.cal.network.none'),
      options: networks.map((each) => [each, each]),
    },
    { name: 'beginTs', label: t('op.term.beginTs'), hint: t('op.cal.local'), kind: 'moment' },
    {
      name: 'preopenTs',
      label: t('op.cal.network.preopen'),
      hint: t('op.cal.network.preopen.hint'),
      kind: 'moment',
      isOptional: true,
    },
    { name: 'endTs', label: t('op.term.endTs'), kind: 'moment' },
  ]
  return (
    <ProposeDialog
      kind="network-maintenance"
      title={t('op.cal.network')}
      about={t('op.cal.network.about')}
      fields={fields}
      preview={({ beginTs = '', preopenTs = '', endTs = '' }) => (
        <NetworkPreview terms={{ beginTs, preopenTs, endTs }} />
      )}
      onClose={onClose}
    />
  )
}
