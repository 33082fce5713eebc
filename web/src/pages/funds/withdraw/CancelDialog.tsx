import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Confirm } from '~/pages/account/layout/Confirm'
import { toast } from '~/ui/toasts'
import type { Withdrawal } from './withdrawals'

/** Asks before a withdrawal that waits is cancelled: its place in the queue is lost. */
export function CancelDialog({ row, onClose }: { row: Withdrawal; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const amount = useAmounts()
  const isPart = row.xTranches?.length || row.xParentWdId
  const about = isPart ? 'withdraw.cancel.rest' : 'withdraw.cancel.about'
  return (
    <Confirm
      title={t('withdraw.cancel')}
      about={t(about, { amount: amount(row.amt), ccy: row.ccy })}
      deed={t('withdraw.cancel')}
      keep={t('withdraw.cancel.keep')}
      onClose={onClose}
      onConfirm={async () => {
        await rest.post('asset/cancel-withdrawal', { wdId: row.wdId })
        toast(t('withdraw.canceled'), 'good')
        await client.invalidateQueries({ queryKey: ['funds'] })
        await client.invalidateQueries({ queryKey: ['funding'] })
      }}
    />
  )
}
