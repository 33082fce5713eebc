import type { ReactNode } from 'react'
import type { ActField } from '../layout/ActDialog'
import { ProposeDialog } from '../layout/ProposeDialog'
import type { Instrument } from '../rows'
import { useTranslation } from '../texts'
import { MaintenancePreview } from './Preview'
import { currenciesOf, pairsIn } from './scope'

interface MaintenanceProps {
  instruments: readonly Instrument[]
  onClose(): void
}

/** Proposes a window: of all pairs, of those of a currency, or of some. */
export function MaintenanceDialog({ instruments, onClose }: MaintenanceProps): ReactNode {
  const { t } = useTranslation()
  const fields: ActField[] = [
    {
      name: 'scope',
      label: t('op.cal.scope'),
      options: (['ccy', 'some', 'all'] as const).map((each) => [each, t(`op.cal.scope.${each}`)]),
    },
    {
      name: 'ccy',
      label: t('currency'),
      options: currenciesOf(instruments).map((each) => [each, each]),
      when: ({ scope }) => scope === 'ccy',
    },
    {
      name: 'some',
      label: t('op.term.instIds'),
      kind: 'many',
      options: instruments.map(({ instId }) => [instId, instId]),
      when: ({ scope }) => scope === 'some',
    },
    { name: 'beginTs', label: t('op.term.beginTs'), hint: t('op.cal.local'), kind: 'moment' },
    {
      name: 'preopenTs',
      label: t('op.term.preopenTs'),
      hint: t('op.cal.preopen.hint'),
      kind: 'moment',
      isOptional: true,
    },
    { name: 'endTs', label: t('op.term.endTs'), kind: 'moment' },
  ]
  return (
    <ProposeDialog
      kind="maintenance"
      title={t('op.cal.maintenance')}
      about={t('op.cal.maintenance.about')}
      fields={fields}
      sent={({ scope = '', ccy = '', some = '', ...times }) => ({
        ...times,
        instIds: scope === 'all' ? '' : pairsIn(instruments, { scope, ccy, some }).join(','),
      })}
      preview={({ scope = '', ccy = '', some = '', beginTs = '', preopenTs = '', endTs = '' }) => (
        <MaintenancePreview
          terms={{ beginTs, preopenTs, endTs }}
          pairs={pairsIn(instruments, { scope, ccy, some })}
        />
      )}
      onClose={onClose}
    />
  )
}
