import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ButtonLook } from './Button'
import css from './Button.module.css'
import { classes } from './classes'

/** A way to another page that looks like a button. */
export function ButtonLink(props: { to: string; look?: ButtonLook; children: ReactNode }) {
  const { to, look = 'plain', children } = props
  return (
    <Link to={to} className={classes(css.link, css.button, css[look])}>
      {children}
    </Link>
  )
}
