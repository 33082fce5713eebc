import type { ReactNode } from 'react'
import css from './Banner.module.css'

/** A line above a page that says what holds for all of it, with what to do about it. */
export function Banner({ role, children }: { role: 'alert' | 'status'; children: ReactNode }) {
  return (
    <div className={css.banner} role={role}>
      {children}
    </div>
  )
}
