import type { ComponentProps, ReactNode } from 'react'
import css from './Button.module.css'
import { classes } from './classes'

export type ButtonLook = 'plain' | 'primary' | 'buy' | 'sell' | 'danger' | 'caution' | 'ghost'

export interface ButtonProps extends ComponentProps<'button'> {
  look?: ButtonLook
  size?: 'small' | 'normal' | 'large'
  wide?: boolean
  /** Shows that work is under way; it cannot be pressed meanwhile. */
  busy?: boolean
}

export function Button(props: ButtonProps): ReactNode {
  const { look = 'plain', size = 'normal', wide, busy, className, children, ...rest } = props
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy || undefined}
      disabled={rest.disabled || busy}
      className={classes(css.button, css[look], css[size], wide && css.wide, className)}
    >
      {children}
    </button>
  )
}

/** A button that is an icon alone; `label` is what it is called. */
export function IconButton(props: ButtonProps & { label: string }): ReactNode {
  const { label, className, ...rest } = props
  return (
    <Button
      look="ghost"
      {...rest}
      aria-label={label}
      title={label}
      className={classes(css.icon, className)}
    />
  )
}
