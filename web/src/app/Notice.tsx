import type { ReactNode } from 'react'
import css from './Notice.module.css'

/** A page that says one thing. */
export function Notice({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <section className={css.notice}>
      <h1>{title}</h1>
      <div className={css.text}>{children}</div>
    </section>
  )
}
