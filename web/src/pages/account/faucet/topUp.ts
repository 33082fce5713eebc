import { useQueryClient } from '@tanstack/react-query'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { toast } from '~/ui/toasts'
import { type Action, useAction } from '../form/useForm'

/** The most of each currency that the demo gives at once. */
export const TOP_UP = [
  { ccy: 'USDT', amt: '5000' },
  { ccy: 'BTC', amt: '1' },
  { ccy: 'ETH', amt: '1' },
  { ccy: 'FRT', amt: '100' },
] as const

/** Asks the demo for money, and says how often it may be asked today. */
export function useTopUp(): Action<[]> {
  const { t } = useTranslation()
  const client = useQueryClient()
  return useAction(async () => {
    const [row] = await rest.post<{ remainCnt: string }>('account/demo-adjust-balance', {
      type: 'increase',
      adjustments: [...TOP_UP],
    })
    await client.invalidateQueries()
    toast(t('faucet.done'), 'good', t('faucet.left', { count: Number(row?.remainCnt ?? 0) }))
  })
}
