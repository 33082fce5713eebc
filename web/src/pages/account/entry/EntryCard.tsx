import type { ReactNode } from 'react'
import { useTitle } from '~/app/title'
import css from './EntryCard.module.css'

export interface EntryCardProps {
  title: string
  about?: ReactNode
  children: ReactNode
  /** Ways to the other pages. */
  foot?: ReactNode
}

/** A page with one small form in the middle. */
export function EntryCard({ title, about, children, foot }: EntryCardProps): ReactNode {
  useTitle(title)
  return (
    <section className={css.page}>
      <div className={css.card}>
        <header className={css.head}>
          <h1>{title}</h1>
          {about ? <p className="muted">{about}</p> : null}
        </header>
        {children}
      </div>
      {foot ? <div className={css.foot}>{foot}</div> : null}
    </section>
  )
}
