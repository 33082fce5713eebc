import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog, type ActField } from '../layout/ActDialog'
import { localOf } from '../layout/actFields'
import { Facts } from '../layout/Facts'
import { useMoments } from '../layout/moments'
import { useNow } from '../layout/now'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { useTranslation } from '../texts'
import { aheadText } from './ahead'

const EVERY_MS = 5_000

/** A row of `x/operator/maintenance`; times in ms, '' for not known. */
interface Plan {
  beginTs: string
  endTs: string
  plannedTs: string
}

/** A stop of the whole exchange that is told beforehand: when, and by whom it may be moved. */
export function MaintenancePage(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  const { data, error } = useReading<Plan, 'x/operator/maintenance'>(
    'x/operator/maintenance',
    {},
    EVERY_MS,
  )
  const plan = data?.[0]
  return (
    <>
      <PageHead title={t('op.maint')} about={t('op.maint.about')} />
      <Section
        title={t('op.maint.next')}
        about={t('op.maint.plan.about')}
        action={may('trading') && data ? <Acts plan={plan} /> : null}
      >
        <ReadingProblem problem={error} />
        {plan ? <When plan={plan} /> : <p>{t(data ? 'op.maint.none' : 'loading')}</p>}
      </Section>
    </>
  )
}

function When({ plan }: { plan: Plan }): ReactNode {
  const { t, language } = useTranslation()
  const moment = useMoments()
  const ahead = aheadText(Number(plan.beginTs), useNow(true), language)
  return (
    <Facts
      facts={[
        [
          t('op.maint.begin'),
          <span key="begin">
            {moment(plan.beginTs)} {ahead ? <Badge look="bad">{ahead}</Badge> : null}
          </span>,
        ],
        [t('op.maint.end'), plan.endTs ? moment(plan.endTs) : t('op.maint.unknown')],
        [t('op.maint.since'), moment(plan.plannedTs)],
      ]}
    />
  )
}

function Acts({ plan }: { plan: Plan | undefined }): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <Act label={t(plan ? 'op.maint.move' : 'op.maint.plan')} look={plan ? 'plain' : 'danger'}>
        {(close) => <PlanDialog plan={plan} onClose={close} />}
      </Act>
      {plan ? (
        <Act label={t('op.maint.cancel')}>
          {(close) => (
            <ActDialog
              title={t('op.maint.cancel')}
              about={t('op.maint.cancel.about')}
              path="x/operator/maintenance/cancel"
              deed={t('op.maint.cancel')}
              onClose={close}
              onDone={() => toast(t('op.maint.canceled'), 'good')}
            />
          )}
        </Act>
      ) : null}
    </>
  )
}

function PlanDialog({ plan, onClose }: { plan: Plan | undefined; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const fields: ActField[] = [
    {
      name: 'beginTs',
      label: t('op.maint.begin'),
      hint: t('op.maint.begin.hint'),
      kind: 'moment',
      initial: localOf(plan?.beginTs ?? ''),
    },
    {
      name: 'endTs',
      label: t('op.maint.end'),
      hint: t('op.maint.end.hint'),
      kind: 'moment',
      isOptional: true,
      initial: localOf(plan?.endTs ?? ''),
    },
  ]
  return (
    <ActDialog<Plan>
      title={t('op.maint.plan')}
      about={t('op.maint.plan.about')}
      path="x/operator/maintenance/plan"
      fields={fields}
      deed={t('op.maint.plan')}
      look="danger"
      onClose={onClose}
      onDone={() => toast(t('op.maint.planned'), 'good')}
    />
  )
}
