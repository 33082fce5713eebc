import { useTranslation } from '../texts'
import type { Plan } from './plans'

/** What a plan is called. */
export function usePlanTitle(): (plan: Plan) => string {
  const { t } = useTranslation()
  return (plan) => {
    if (plan.kind === 'maintenance') return t('op.cal.window', { number: plan.plan })
    if (plan.kind === 'network') {
      return t('op.cal.networkWindow', { number: plan.plan, chain: plan.chain })
    }
    return t('op.cal.going', { ccy: plan.ccy })
  }
}
