import { Link, useLocation } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import css from './SubPages.module.css'

/** One of the pages and its name among them. */
export interface Way {
  to: string
  name: ReactNode
}

interface Props {
  label: string
  /** The first page's path begins all others': it is current on itself alone. */
  ways: readonly Way[]
  /** For pages with wide tables. */
  wide?: boolean
  children: ReactNode
}

/** Pages that belong together, with the way between them beside or, on a phone, above. */
export function SubPages({ label, ways, wide = false, children }: Props): ReactNode {
  return (
    <div className={css.pages} data-wide={wide || undefined}>
      <Ways label={label} ways={ways} />
      <div className={css.content}>{children}</div>
    </div>
  )
}

/** On a phone the row of links is wider than the screen: the current one is brought into it. */
function Ways({ label, ways }: Pick<Props, 'label' | 'ways'>): ReactNode {
  const nav = useRef<HTMLElement>(null)
  const path = useLocation({ select: (location) => location.pathname })
  useEffect(() => {
    const links = nav.current?.querySelectorAll('a') ?? []
    const current = [...links].findLast((link) => path.startsWith(link.pathname))
    current?.scrollIntoView({ inline: 'center', block: 'nearest' })
  }, [path])
  return (
    <nav ref={nav} className={css.nav} aria-label={label}>
      {ways.map(({ to, name }, place) => (
        <Link
          key={to}
          to={to}
          className={css.link}
          activeOptions={{ exact: place === 0, includeSearch: false }}
          activeProps={{ 'aria-current': 'page' }}
        >
          {name}
        </Link>
      ))}
    </nav>
  )
}
