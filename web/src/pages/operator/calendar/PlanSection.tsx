import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import { Facts } from '../layout/Facts'
import { useOperator } from '../layout/roles'
import { useTranslation } from '../texts'
import css from './Calendar.module.css'
import { PhaseTable } from './PhaseTable'
import { phasesOf } from './phases'
import { type Delisting, isAhead, type Plan } from './plans'
import { usePlanTitle } from './title'

/** A plan that is to come or under way: what users can do in each phase, and where it is. */
export function PlanSection({ plan, nowMs }: { plan: Plan; nowMs: number }): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  const title = usePlanTitle()
  return (
    <Section
      title={title(plan)}
      about={plan.kind === 'maintenance' ? plan.instIds.join(', ') : undefined}
      action={
        <>
          <span className={css.state}>
            <Badge look={isAhead(plan) ? 'plain' : 'bad'}>{t(`op.cal.state.${plan.state}`)}</Badge>
          </span>
          {isAhead(plan) && may('trading') ? (
            <Act label={t('op.cal.callOff')} about={title(plan)}>
              {(close) => <CallOffDialog plan={plan} onClose={close} />}
            </Act>
          ) : null}
        </>
      }
      flush
    >
      <PhaseTable phases={phasesOf(plan)} nowMs={nowMs} />
      {plan.kind === 'delisting' ? <Course plan={plan} /> : null}
    </Section>
  )
}

/** What of a delisting was done. */
function Course({ plan }: { plan: Delisting }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const notices = plan.notices.map(({ days, ts }) => (
    <div key={days}>
      {t('op.cal.notice', { count: Number(days) })} {date(ts)}
    </div>
  ))
  return (
    <div className={css.facts}>
      <Facts
        facts={[
          [t('op.cal.depositsStopped'), t(plan.depositsStopped ? 'op.yes' : 'op.no')],
          [t('op.cal.gone'), plan.instIds.join(', ') || '–'],
          [t('op.cal.notices'), notices.length > 0 ? notices : '–'],
        ]}
      />
    </div>
  )
}

function CallOffDialog({ plan, onClose }: { plan: Plan; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  return (
    <ActDialog
      title={t('op.cal.callOff')}
      about={t('op.cal.callOff.about')}
      path="x/operator/calendar/call-off"
      fixed={{ plan: plan.plan }}
      deed={t('op.cal.callOff')}
      look="danger"
      onClose={onClose}
      onDone={() => toast(t('op.cal.calledOff'), 'good')}
    />
  )
}
