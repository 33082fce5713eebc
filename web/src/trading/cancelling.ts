import { useCallback } from 'react'
import { useRefusalText } from '~/app/refusals'
import { useTranslation } from '~/i18n'
import { toast } from '~/ui/toasts'
import { cancelAll } from './placing'

/** Cancels all orders, of one pair or of all, and says so. */
export function useCancelAll(): (instId?: string) => Promise<void> {
  const { t } = useTranslation()
  const refusal = useRefusalText()
  return useCallback(
    async (instId) => {
      try {
        await cancelAll(instId)
        toast(t('orders.allCancelled'))
      } catch (problem) {
        toast(refusal(problem), 'bad')
      }
    },
    [t, refusal],
  )
}
