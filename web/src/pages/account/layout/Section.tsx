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
  /** Of a section with nothing in it: what is said beside the title; the rest is behind it. */
  line?: ReactNode
}

/** A panel with a title. */
export function Section(props: SectionProps): ReactNode {
  const { title, about, action, children, flush, line } = props
  const id = useId()
  return (
    <section className={css.section} aria-labelledby={id}>
      {/* What opens from an action stays open while the section gets its first row. */}
      <header className={line ? css.lineHead : css.head}>
        <div className={css.words}>
          {line && about ? (
            <details>
              <summary>
                <Line id={id} title={title} line={line} />
              </summary>
              <p className={css.about}>{about}</p>
            </details>
          ) : (
            <>
              <Line id={id} title={title} line={line} />
              {about ? <p className={css.about}>{about}</p> : null}
            </>
          )}
        </div>
        {action ? <div className={css.actions}>{action}</div> : null}
      </header>
      {children ? <div className={flush ? css.flush : css.body}>{children}</div> : null}
    </section>
  )
}

function Line({ id, title, line }: { id: string; title: string; line: ReactNode }): ReactNode {
  const head = <h2 id={id}>{title}</h2>
  if (!line) return head
  return (
    <span className={css.line}>
      {head}
      <span className="muted">{line}</span>
    </span>
  )
}
