import { createStore } from './store'

/** What the command palette lists; null while it is closed. */
export type PaletteScope = 'all' | 'pairs'

export const paletteStore = createStore<PaletteScope | null>(null)

export function openPalette(scope: PaletteScope = 'all'): void {
  paletteStore.set(scope)
}
