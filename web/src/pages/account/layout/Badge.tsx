import type { ReactNode } from 'react'
import css from './Badge.module.css'

/** A word or two about a state. */
export function Badge(props: { look: 'good' | 'bad' | 'plain'; children: ReactNode }): ReactNode {
  return (
    <span className={css.badge} data-look={props.look}>
      {props.children}
    </span>
  )
}
