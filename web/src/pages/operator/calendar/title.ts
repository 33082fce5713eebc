import { useTranslation } from '../texts'
import type { Plan } from './plans'

/** What a plan is called. */
export function usePlanTitle(): (plan: Plan) => string {
  const { t } = useTranslation()
  return (plan) =>
    plan.kind === 'maintenance'
      ? t('op.cal.window', { number: plan.plan })
      : t('op.cal.going', { ccy: plan.ccy })
}
