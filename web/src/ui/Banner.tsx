import type { ReactNode } from 'react'
import css from './Banner.module.css'

interface BannerProps {
  role: 'alert' | 'status'
  /** Over the whole width of the page, without sides. */
  isAcross?: boolean
  children: ReactNode
}

/** A line above a page that says what holds for all of it, with what to do about it. */
export function Banner({ role, isAcross, children }: BannerProps) {
  return (
    <div className={css.banner} role={role} data-across={isAcross || undefined}>
      {children}
    </div>
  )
}
