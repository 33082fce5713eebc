import {
  defaultRangeExtractor,
  useVirtualizer,
  useWindowVirtualizer,
} from '@tanstack/react-virtual'
import { type RefObject, useEffect, useState } from 'react'

/** Fewer rows are all there: to be searched, printed and read from end to end. */
const WINDOWED_FROM = 100
const ROW_PX = 34
const OVERSCAN = 20

interface Window {
  /** Places of the rows that are there. */
  places: readonly number[]
  /** Heights of what stands for the rows before and after them, in pixels. */
  before: number
  after: number
  measure(element: Element | null): void
}

/** Which rows of a long list are near what is seen, in a panel that scrolls or in the page. */
export function useWindow(count: number, list: RefObject<HTMLElement | null>): Window | null {
  const scroller = useScroller(count >= WINDOWED_FROM, list)
  const isWindowed = scroller !== null
  const common = {
    count,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    rangeExtractor: defaultRangeExtractor,
  }
  const inPanel = useVirtualizer<HTMLElement, Element>({
    ...common,
    enabled: isWindowed && scroller !== 'page',
    getScrollElement: () => (scroller === 'page' ? null : scroller),
  })
  const inPage = useWindowVirtualizer<Element>({
    ...common,
    enabled: isWindowed && scroller === 'page',
    scrollMargin: isWindowed && scroller === 'page' ? topOf(list.current) : 0,
  })
  if (!isWindowed) return null
  const virtual = scroller === 'page' ? inPage : inPanel
  const items = virtual.getVirtualItems()
  const margin = virtual.options.scrollMargin
  return {
    places: items.map(({ index }) => index),
    before: (items[0]?.start ?? margin) - margin,
    after: virtual.getTotalSize() - ((items.at(-1)?.end ?? margin) - margin),
    measure: virtual.measureElement,
  }
}

/** What scrolls a long list: the nearest panel that does, else the page; null until it is known. */
function useScroller(isLong: boolean, list: RefObject<HTMLElement | null>) {
  const [scroller, setScroller] = useState<HTMLElement | 'page' | null>(null)
  useEffect(() => {
    if (!isLong) {
      setScroller(null)
      return
    }
    let at = list.current?.parentElement ?? null
    while (at && at !== document.body && !scrolls(at)) at = at.parentElement
    setScroller(at && at !== document.body ? at : 'page')
  }, [isLong, list])
  return scroller
}

function scrolls(element: HTMLElement): boolean {
  const isLonger = element.scrollHeight > element.clientHeight + 1
  return isLonger && /auto|scroll/.test(getComputedStyle(element).overflowY)
}

function topOf(element: HTMLElement | null): number {
  return element ? element.getBoundingClientRect().top + window.scrollY : 0
}
