import type { ComponentProps, ReactNode } from 'react'
import css from './Checkbox.module.css'

export interface CheckboxProps extends Omit<ComponentProps<'input'>, 'type' | 'className'> {
  label: ReactNode
  /** A sentence under the label. */
  hint?: ReactNode
}

/** Something that is chosen or not. */
export function Checkbox({ label, hint, ...input }: CheckboxProps): ReactNode {
  return (
    <label className={css.whole}>
      <input type="checkbox" {...input} className={css.box} />
      <span className={css.text}>
        {label}
        {hint ? <span className={css.hint}>{hint}</span> : null}
      </span>
    </label>
  )
}
