import type { ReactNode } from 'react'
import type { Fields } from '../rows'
import css from './FieldList.module.css'
import { linesOf } from './fields'

/** The fields of a command or event, as text. */
export function FieldList({ fields }: { fields: Fields }): ReactNode {
  return (
    <dl className={css.list}>
      {linesOf(fields).map(([path, text]) => (
        <div key={path} className={css.line}>
          <dt>{path}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}
