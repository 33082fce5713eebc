import { type RefCallback, useCallback, useEffect, useRef, useState } from 'react'

/** A ref for an element and its height in pixels, kept current. */
export function useElementHeight(): [RefCallback<HTMLElement>, number] {
  const [height, setHeight] = useState(0)
  const observer = useRef<ResizeObserver | null>(null)
  const ref = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect()
    if (!element) return
    observer.current = new ResizeObserver(([entry]) => setHeight(entry?.contentRect.height ?? 0))
    observer.current.observe(element)
  }, [])
  useEffect(() => () => observer.current?.disconnect(), [])
  return [ref, height]
}

const PHONE = '(max-width: 47.99rem)'

/** Whether the page is as narrow as a phone. */
export function useIsPhone(): boolean {
  const [isPhone, setPhone] = useState(() => window.matchMedia(PHONE).matches)
  useEffect(() => {
    const query = window.matchMedia(PHONE)
    const look = () => setPhone(query.matches)
    query.addEventListener('change', look)
    return () => query.removeEventListener('change', look)
  }, [])
  return isPhone
}
