import { Field as Base } from '@base-ui/react/field'
import type { ComponentProps, ReactNode } from 'react'
import { classes } from './classes'
import css from './Field.module.css'

export interface FieldProps extends Omit<ComponentProps<typeof Base.Control>, 'className'> {
  label: ReactNode
  /** What is wrong with what was typed; announced to screen readers. */
  error?: ReactNode
  hint?: ReactNode
  /** It says what is allowed, which an error does not. */
  hintStays?: boolean
  /** Shown in the box after the text: a unit, or buttons. */
  after?: ReactNode
  /** The label is for screen readers alone. */
  quiet?: boolean
}

/** A labelled text field with its hint and its error. */
export function Field(props: FieldProps): ReactNode {
  const { label, error, hint, hintStays = false, after, quiet, ...control } = props
  return (
    <Base.Root className={css.field} invalid={Boolean(error)}>
      <Base.Label className={quiet ? 'unseen' : css.label}>{label}</Base.Label>
      <div className={css.box}>
        <Base.Control autoComplete="off" {...control} className={css.input} />
        {after ? <span className={css.after}>{after}</span> : null}
      </div>
      {error ? (
        <Base.Error match className={classes(css.note, css.error)}>
          {error}
        </Base.Error>
      ) : null}
      {hint && (!error || hintStays) ? (
        <Base.Description className={css.note}>{hint}</Base.Description>
      ) : null}
    </Base.Root>
  )
}
