import { type ReactNode, useEffect } from 'react'
import { openPalette, paletteStore } from './palette'
import { useTrading } from './trading'

/** Keys that work on every page, where nothing is being typed. */
export function Shortcuts(): ReactNode {
  const { fill, cancelAll } = useTrading()
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        openPalette()
        return
      }
      if (isTaken(event)) return
      const act = { b: () => fill('buy'), s: () => fill('sell'), X: cancelAll }[event.key]
      const open = { '/': 'pairs', '?': 'all' } as const
      const scope = open[event.key as '/' | '?']
      if (!act && !scope) return
      event.preventDefault()
      if (act) act()
      else openPalette(scope)
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [fill, cancelAll])
  return null
}

/** Whether a key means something to what is focused, or to the browser. */
function isTaken({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || paletteStore.get() !== null) return true
  const element = target as HTMLElement
  return (
    element.closest('input, textarea, select, [role="menu"], [role="listbox"], dialog') !== null
  )
}
