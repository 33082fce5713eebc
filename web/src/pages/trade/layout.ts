import { createStore } from '~/app/store'

export const PANELS = ['chart', 'book', 'trades', 'form', 'orders'] as const
export type Panel = (typeof PANELS)[number]
export const PLACES = ['main', 'middleTop', 'middleBottom', 'side', 'bottom'] as const
export type Place = (typeof PLACES)[number]

/** Where each panel is, and how large the places are. */
export interface Layout {
  places: Record<Place, Panel>
  /** Widths in pixels. */
  middle: number
  side: number
  /** Shares of the height, in per cent. */
  bottom: number
  split: number
}

export type SizeName = 'middle' | 'side' | 'bottom' | 'split'

const KEPT = 'fullreserve.layout'
export const DEFAULT: Layout = {
  places: {
    main: 'chart',
    middleTop: 'book',
    middleBottom: 'trades',
    side: 'form',
    bottom: 'orders',
  },
  middle: 284,
  side: 312,
  bottom: 26,
  split: 71,
}
export const BOUNDS: Record<SizeName, readonly [number, number]> = {
  middle: [220, 480],
  side: [260, 480],
  bottom: [12, 70],
  split: [20, 80],
}

export const layoutStore = createStore<Layout>(read())

export function arrange(layout: Layout): void {
  layoutStore.set(layout)
  try {
    localStorage.setItem(KEPT, JSON.stringify(layout))
  } catch {
    // It holds until the page is left.
  }
}

/** The layout after two panels changed places. */
export function swapped(layout: Layout, one: Panel, other: Panel): Layout {
  const places = { ...layout.places }
  for (const place of PLACES) {
    const panel = layout.places[place]
    if (panel === one) places[place] = other
    if (panel === other) places[place] = one
  }
  return { ...layout, places }
}

/** The layout with one size changed, within its bounds. */
export function resized(layout: Layout, name: SizeName, size: number): Layout {
  const [least, most] = BOUNDS[name]
  return { ...layout, [name]: Math.min(most, Math.max(least, size)) }
}

/** What was kept, where it is whole; it may be of an older page. */
export function readLayout(text: string | null): Layout {
  try {
    const kept = JSON.parse(text ?? '') as Layout
    const panels = PLACES.map((place) => kept.places[place])
    const isWhole = PANELS.every((panel) => panels.includes(panel))
    const areSizes = (Object.keys(BOUNDS) as SizeName[]).every((name) => kept[name] > 0)
    return isWhole && areSizes ? kept : DEFAULT
  } catch {
    return DEFAULT
  }
}

function read(): Layout {
  try {
    return readLayout(localStorage.getItem(KEPT))
  } catch {
    return DEFAULT
  }
}
