import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef } from 'react'
import { useStore } from '~/app/store'
import { useTranslation } from '~/i18n'
import { arrange, BOUNDS, layoutStore, resized, type SizeName } from './layout'
import css from './Workspace.module.css'

const STEP = { middle: 16, side: 16, bottom: 2, split: 2 }
// Sizes of what is right of or below the bar grow when it moves the other way.
const SIGN = { middle: -1, side: -1, bottom: -1, split: 1 }

/** A bar between panels that is dragged, or moved with the arrow keys. */
export function Splitter({ name }: { name: SizeName }): ReactNode {
  const { t } = useTranslation()
  const size = useStore(layoutStore)[name]
  const start = useRef<{ at: number; size: number; whole: number } | null>(null)
  const isUpright = name === 'middle' || name === 'side'
  const change = (next: number) => arrange(resized(layoutStore.get(), name, next))
  const down = (event: PointerEvent<HTMLElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId)
    const around = event.currentTarget.parentElement?.getBoundingClientRect()
    const whole = isUpright ? 100 : (around?.height ?? 100)
    start.current = { at: isUpright ? event.clientX : event.clientY, size, whole }
  }
  const move = (event: PointerEvent<HTMLElement>) => {
    const { current } = start
    if (!current) return
    const by = (isUpright ? event.clientX : event.clientY) - current.at
    change(current.size + SIGN[name] * by * (100 / current.whole))
  }
  const press = (event: KeyboardEvent<HTMLElement>) => {
    const back = isUpright ? 'ArrowLeft' : 'ArrowUp'
    const on = isUpright ? 'ArrowRight' : 'ArrowDown'
    if (event.key !== back && event.key !== on) return
    event.preventDefault()
    change(size + (event.key === on ? 1 : -1) * SIGN[name] * STEP[name])
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a splitter that is focused and moved is no rule
    <div
      role="separator"
      tabIndex={0}
      className={css.splitter}
      aria-label={t('layout.resize')}
      aria-orientation={isUpright ? 'vertical' : 'horizontal'}
      aria-valuenow={Math.round(size)}
      aria-valuemin={BOUNDS[name][0]}
      aria-valuemax={BOUNDS[name][1]}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={() => {
        start.current = null
      }}
      onKeyDown={press}
    />
  )
}
