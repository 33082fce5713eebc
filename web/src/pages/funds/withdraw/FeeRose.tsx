import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Confirm } from '~/pages/account/layout/Confirm'
import { Button } from '~/ui/Button'
import { toast } from '~/ui/toasts'
import type { Withdrawal } from './withdrawals'

/** Asks for the fee of now, which rose while the withdrawal waited. */
export function FeeRose({ row }: { row: Withdrawal }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const amount = useAmounts()
  const [isAsking, setAsking] = useState(false)
  if (!row.xFeeNow) return null
  const { ccy, xFeeHeld, xFeeNow } = row
  return (
    <>
      <Button size="small" onClick={() => setAsking(true)}>
        {t('withdraw.feeRose.agree', { fee: amount(xFeeNow), ccy })}
      </Button>
      {isAsking ? (
        <Confirm
          title={t('withdraw.feeRose.title')}
          about={t('withdraw.feeRose.about', { fee: amount(xFeeNow), held: amount(xFeeHeld), ccy })}
          deed={t('withdraw.feeRose.agree', { fee: amount(xFeeNow), ccy })}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await rest.post('x/withdrawal-fee/agree', { wdId: row.wdId, fee: xFeeNow })
            toast(t('withdraw.feeRose.done'), 'good')
            await client.invalidateQueries({ queryKey: ['funds'] })
            await client.invalidateQueries({ queryKey: ['funding'] })
          }}
        />
      ) : null}
    </>
  )
}
