import { type ReactNode, useId } from 'react'
import { useTitle } from '~/app/title'
import css from './Section.module.css'

/** The head of a page. */
export function PageHead(props: {
  title: string
  about?: ReactNode
  action?: ReactNode
}): ReactNode {
  useTitle(props.title)
  return (
    <header className={css.pageHead}>
      <div className={css.words}>
        <h1>{props.title}</h1>
        {props.about ? <p className="muted">{props.about}</p> : null}
      </div>
      {props.action}
    </header>
  )
}

export interface SectionProps {
  title: string
  about?: ReactNode
  /** Shown at the right of the title. */
  action?: ReactNode
  children?: ReactNode
  /** Without padding, as for a table. */
  flush?: boolean
}

/** A panel with a title. */
export function Section({ title, about, action, children, flush }: SectionProps): ReactNode {
  const id = useId()
  return (
    <section className={css.section} aria-labelledby={id}>
      <header className={css.head}>
        <div className={css.words}>
          <h2 id={id}>{title}</h2>
          {about ? <p className={css.about}>{about}</p> : null}
        </div>
        {action ? <div className={css.actions}>{action}</div> : null}
      </header>
      {children ? <div className={flush ? css.flush : css.body}>{children}</div> : null}
    </section>
  )
}
