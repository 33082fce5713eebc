import { createStore, useStore } from './store'

/** What a person chose, kept in this browser. */
export interface Preferences {
  theme: 'dark' | 'light'
  redUp: boolean
  language?: string
  sound: boolean
  favourites: string[]
  lastPair: string
}

const KEPT = 'fullreserve.preferences'
const DEFAULTS: Preferences = {
  theme: 'dark',
  redUp: false,
  sound: false,
  favourites: [],
  lastPair: 'BTC-USDT',
}

const store = createStore(read())

export function preferences(): Preferences {
  return store.get()
}

export function usePreferences(): Preferences {
  return useStore(store)
}

export function prefer(change: Partial<Preferences>): void {
  store.set({ ...store.get(), ...change })
  show(store.get())
  try {
    localStorage.setItem(KEPT, JSON.stringify(store.get()))
  } catch {
    // A browser that keeps nothing: the choice holds until the page is left.
  }
}

// Another tab's choice holds here too.
window.addEventListener('storage', (event) => {
  if (event.key !== KEPT) return
  store.set(read())
  show(store.get())
})

function read(): Preferences {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEPT) ?? '{}') }
  } catch {
    return DEFAULTS
  }
}

function show({ theme, redUp }: Preferences): void {
  const root = document.documentElement
  root.dataset.theme = theme
  root.toggleAttribute('data-red-up', redUp)
  const ground = getComputedStyle(root).getPropertyValue('--ground')
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', ground)
}
