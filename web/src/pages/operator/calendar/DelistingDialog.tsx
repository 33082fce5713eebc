import type { ReactNode } from 'react'
import { useNow } from '../layout/now'
import { ProposeDialog } from '../layout/ProposeDialog'
import type { Instrument } from '../rows'
import { useTranslation } from '../texts'
import { DelistingPreview } from './Preview'
import { currenciesOf } from './scope'

interface DelistingProps {
  instruments: readonly Instrument[]
  onClose(): void
}

/** Proposes that a currency goes: deposits first, then its pairs, then withdrawals. */
export function DelistingDialog({ instruments, onClose }: DelistingProps): ReactNode {
  const { t } = useTranslation()
  const nowMs = useNow(false)
  const moment = (name: 'depositsTs' | 'tradingTs' | 'withdrawalsTs', hint: string) => ({
    name,
    label: t(`op.term.${name}`),
    hint,
    kind: 'moment' as const,
    isOptional: name !== 'tradingTs',
  })
  return (
    <ProposeDialog
      kind="delisting"
      title={t('op.cal.delisting')}
      about={t('op.cal.delisting.about')}
      fields={[
        {
          name: 'ccy',
          label: t('currency'),
          options: currenciesOf(instruments).map((each) => [each, each]),
        },
        moment('tradingTs', t('op.cal.local')),
        moment('depositsTs', t('op.cal.deposits.hint')),
        moment('withdrawalsTs', t('op.cal.withdrawals.hint')),
      ]}
      preview={({ ccy = '', depositsTs = '', tradingTs = '', withdrawalsTs = '' }) => (
        <DelistingPreview
          ccy={ccy}
          terms={{ depositsTs, tradingTs, withdrawalsTs }}
          nowMs={nowMs}
        />
      )}
      onClose={onClose}
    />
  )
}
