import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import css from './Funds.module.css'

export interface Step {
  name: string
  is: 'done' | 'now' | 'later' | 'bad'
  about?: ReactNode
}

/** What has been, what is, and what is to come; words say which is which too. */
export function Steps({ label, steps }: { label: string; steps: readonly Step[] }): ReactNode {
  const { t } = useTranslation()
  return (
    <ol className={css.steps} aria-label={label}>
      {steps.map(({ name, is, about }) => (
        <li
          key={name}
          className={css.step}
          data-is={is}
          aria-current={is === 'now' || is === 'bad' ? 'step' : undefined}
        >
          <span>
            {name}
            <span className="unseen"> – {t(`funds.step.${is}`)}</span>
          </span>
          {about ? <small>{about}</small> : null}
        </li>
      ))}
    </ol>
  )
}
