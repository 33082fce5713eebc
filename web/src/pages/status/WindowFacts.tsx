import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useDates } from '~/pages/account/layout/dates'
import css from './StatusPage.module.css'

export interface WindowFactsProps {
  pairs: readonly string[]
  /** Whether there are pairs that are not named. */
  isMore: boolean
  begin: string
  /** '' or the end's time where nothing is pre-opened. */
  preOpenBegin: string
  end: string
}

/** A window of maintenance as everybody is told of it: which pairs, when, and what goes on. */
export function WindowFacts(props: WindowFactsProps): ReactNode {
  const { pairs, isMore, begin, preOpenBegin, end } = props
  const { t } = useTranslation()
  const date = useDates()
  const isPreOpened = Boolean(preOpenBegin) && preOpenBegin !== end
  const facts = [
    [
      t('status.window.pairs'),
      isMore ? t('status.window.more', { pairs: pairs.join(', ') }) : pairs.join(', '),
    ],
    [t('status.window.closes'), date(begin)],
    ...(isPreOpened ? [[t('status.window.preopens'), date(preOpenBegin)] as const] : []),
    [t('status.window.opens'), date(end)],
  ] as const
  return (
    <>
      <dl className={css.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className={css.after}>
        {t(isPreOpened ? 'status.window.about.preopen' : 'status.window.about')}
      </p>
    </>
  )
}
