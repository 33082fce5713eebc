import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Problem } from '~/pages/account/form/Problem'
import { Badge } from '~/pages/account/layout/Badge'
import { Section } from '~/pages/account/layout/Section'
import { useReading } from '../layout/reading'
import { useTranslation } from '../texts'
import { breaks } from './numbers'
import type { Reconciliation } from './rows'

const EVERY_MS = 5_000

/** The last comparisons of all networks. */
export function useReconciliations() {
  return useReading<Reconciliation, 'x/operator/custody/reconciliation'>(
    'x/operator/custody/reconciliation',
    {},
    EVERY_MS,
  )
}

/** Whether chain and ledger agree, with the way to the page that shows where not. */
export function ReconciliationSummary(): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReconciliations()
  const broken = breaks(data?.flatMap(({ lines }) => lines) ?? []).length
  return (
    <Section
      title={t('op.reconciliation')}
      about={data?.length === 0 ? t('op.reconciliation.none') : t('op.reconciliation.about')}
      action={<Link to="/operator/reconciliation">{t('op.reconciliation.whole')}</Link>}
    >
      <Problem problem={error} />
      {data?.length ? (
        <span role="status">
          <Badge look={broken > 0 ? 'bad' : 'good'}>
            {t('op.reconciliation.breaks', { count: broken })}
          </Badge>
        </span>
      ) : null}
    </Section>
  )
}
