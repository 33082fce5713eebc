import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Confirm } from '~/pages/account/layout/Confirm'
import { toast } from '~/ui/toasts'
import { type Withdrawal, whole } from './withdrawals'

/** Shows once more what leaves and where to; then the exchange asks who says so. */
export function ConfirmDialog({ row, onClose }: { row: Withdrawal; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const amount = useAmounts()
  const values = { amount: amount(row.amt), ccy: row.ccy, to: whole(row) }
  return (
    <Confirm
      title={t('withdraw.confirm')}
      about={t('withdraw.confirm.about', values)}
      deed={t('withdraw.confirm')}
      onClose={onClose}
      onConfirm={async () => {
        await rest.post('x/withdrawals/confirm', { wdId: row.wdId })
        toast(t('withdraw.confirmed'), 'good')
        await client.invalidateQueries({ queryKey: ['funds'] })
      }}
    />
  )
}
