import type { ReactNode } from 'react'
import { Section } from '~/pages/account/layout/Section'
import { Facts } from '../layout/Facts'
import { useOperator } from '../layout/roles'
import { People, Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import { BudgetTable } from './BudgetTable'
import { courseOf, deedsOf, mayRatify, maySignOff, nextOf } from './course'
import { DeedButton } from './DeedButton'
import type { Canary, WholeStop } from './rows'
import css from './WayBack.module.css'

const OVER = ['lifted', 'reported', 'discarded']

/** Where a suspension is on its way back, and what may be done there. */
export function WayBack({ stop }: { stop: WholeStop }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const { uid } = useOperator()
  const deeds = deedsOf(stop).filter((deed) => {
    if (deed === 'sign-off') return maySignOff(stop, uid)
    if (deed === 'ratify') return mayRatify(stop, uid)
    return deed !== 'show'
  })
  const next = nextOf(deeds)
  return (
    <Section title={t('op.sus.way')} about={word('sus.about', stop.state)}>
      <div className={css.whole}>
        <Course stop={stop} />
        {stop.planner ? (
          <Facts
            facts={[
              [t('op.sus.planner'), <Uid key="planner" uid={stop.planner} />],
              [t('op.sus.signOffs'), <People key="signOffs" voices={stop.signOffUids} />],
              [t('op.sus.canaries'), <Canaries key="canaries" stop={stop} />],
            ]}
          />
        ) : null}
        {stop.planner && stop.lines.length > 0 && !OVER.includes(stop.state) ? (
          <Plan stop={stop} />
        ) : null}
        {deeds.length > 0 ? (
          <div className={css.deeds}>
            {deeds.map((deed) => (
              <DeedButton key={deed} deed={deed} stop={stop} isNext={deed === next} />
            ))}
          </div>
        ) : null}
      </div>
    </Section>
  )
}

function Course({ stop }: { stop: WholeStop }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  if (stop.state === 'draft' || stop.state === 'discarded') return null
  const steps = courseOf(stop)
  const now = steps.indexOf(stop.state)
  return (
    <ol className={css.course} aria-label={t('op.sus.way')}>
      {steps.map((step, place) => (
        <li
          key={step}
          className={css.step}
          data-done={place < now || undefined}
          aria-current={place === now ? 'step' : undefined}
        >
          {word('sus.state', step)}
        </li>
      ))}
    </ol>
  )
}

/** What the plan pays in a tick, as it was signed off. */
function Plan({ stop }: { stop: WholeStop }): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <BudgetTable lines={stop.lines} intervalMs={stop.drain.intervalMs} />
      {stop.maxWaitTicks ? (
        <p className="muted">{t('op.sus.waitsAtMost', { count: Number(stop.maxWaitTicks) })}</p>
      ) : null}
    </>
  )
}

const SUCCESS = '2'

function standing({ state, waitsForPeople }: Canary): 'arrived' | 'underWay' | 'waitsForPeople' {
  if (state === SUCCESS) return 'arrived'
  return waitsForPeople ? 'waitsForPeople' : 'underWay'
}

function Canaries({ stop }: { stop: WholeStop }): ReactNode {
  const { t } = useTranslation()
  if (stop.canaries.length === 0) return '–'
  return (
    <span className={css.figures}>
      {stop.canaries.map((canary) => (
        <span key={canary.network}>
          {canary.network}: {t(`op.sus.${standing(canary)}`)}
        </span>
      ))}
    </span>
  )
}
