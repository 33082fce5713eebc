import type { ReactNode } from 'react'
import { useDates } from '~/pages/account/layout/dates'
import { WindowFacts } from '~/pages/status/WindowFacts'
import { useTranslation } from '../texts'
import css from './Calendar.module.css'
import {
  delistingPhases,
  maintenancePhases,
  networkPhases,
  noticesMs,
  type Phase,
  withUsualTimes,
} from './phases'
import type { DelistingTerms, MaintenanceTerms } from './plans'

/** What users will see of a window, before it is proposed. */
export function MaintenancePreview(props: {
  terms: MaintenanceTerms
  pairs: readonly string[]
}): ReactNode {
  const { t } = useTranslation()
  const { terms, pairs } = props
  const phases = maintenancePhases(terms)
  return (
    <section className={css.preview} aria-label={t('op.cal.preview')} aria-live="polite">
      <h3>{t('op.cal.preview')}</h3>
      {phases.length === 0 ? (
        <p className="muted">{t('op.cal.preview.none')}</p>
      ) : (
        <>
          <p className="muted">{t('op.cal.preview.status')}</p>
          <WindowFacts
            {...shownOf(pairs)}
            begin={terms.beginTs}
            preOpenBegin={terms.preopenTs}
            end={terms.endTs}
          />
          <Steps phases={phases} />
        </>
      )}
    </section>
  )
}

/** What users of a network will see of a window, before it is proposed. */
export function NetworkPreview({ terms }: { terms: MaintenanceTerms }): ReactNode {
  const { t } = useTranslation()
  const phases = networkPhases(terms)
  return (
    <section className={css.preview} aria-label={t('op.cal.preview')} aria-live="polite">
      <h3>{t('op.cal.preview')}</h3>
      {phases.length === 0 ? (
        <p className="muted">{t('op.cal.preview.none')}</p>
      ) : (
        <Steps phases={phases} />
      )}
    </section>
  )
}

// The public status names so many.
const NAMED_MAX = 5

function shownOf(pairs: readonly string[]) {
  return { pairs: pairs.slice(0, NAMED_MAX), isMore: pairs.length > NAMED_MAX }
}

/** What holders of a currency will see and read, before its delisting is proposed. */
export function DelistingPreview(props: {
  terms: DelistingTerms
  ccy: string
  nowMs: number
}): ReactNode {
  const { t, language } = useTranslation()
  const terms = withUsualTimes(props.terms)
  const phases = delistingPhases(terms)
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
  const notices = noticesMs(terms.withdrawalsTs, props.nowMs).map((ms) => day.format(ms))
  return (
    <section className={css.preview} aria-label={t('op.cal.preview')} aria-live="polite">
      <h3>{t('op.cal.preview')}</h3>
      {phases.length === 0 ? (
        <p className="muted">{t('op.cal.preview.none')}</p>
      ) : (
        <>
          <Steps phases={phases} />
          <p className="muted">
            {t('op.cal.preview.notices', {
              days: new Intl.ListFormat(language).format([...new Set(notices)]),
            })}
          </p>
          <blockquote className={css.message} lang="en">
            {noticeText(props.ccy, Number(terms.withdrawalsTs))}
          </blockquote>
        </>
      )}
    </section>
  )
}

/** The message to holders, in the one language in which messages are written. */
function noticeText(ccy: string, endMs: number): string {
  const end = new Date(endMs).toISOString().slice(0, 16).replace('T', ' ')
  return `${ccy} is delisted. Withdraw what you have of it before ${end} UTC.`
}

function Steps({ phases }: { phases: readonly Phase[] }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  return (
    <ol className={css.steps}>
      {phases.map(({ id, fromMs }) => (
        <li key={id}>
          <span className={css.when}>
            {fromMs ? date(String(fromMs)) : t('op.cal.untilThen')} · {t(`op.cal.phase.${id}`)}
          </span>
          <span>{t(`op.cal.phase.${id}.about`)}</span>
        </li>
      ))}
    </ol>
  )
}
