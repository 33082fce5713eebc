import { useLocation } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'

interface Props {
  id: string
  className?: string | undefined
  children: ReactNode
}

/** What a link may lead to by its name; it comes after the page that the browser looks at. */
export function Named({ id, className, children }: Props): ReactNode {
  const { hash } = useLocation()
  const place = useRef<HTMLDivElement>(null)
  const isMeant = hash === id
  useEffect(() => {
    if (isMeant) place.current?.scrollIntoView({ block: 'center' })
  }, [isMeant])
  return (
    <div ref={place} id={id} className={className} aria-current={isMeant || undefined}>
      {children}
    </div>
  )
}
