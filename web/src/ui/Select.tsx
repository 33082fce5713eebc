import { Select as Base } from '@base-ui/react/select'
import type { ReactNode } from 'react'
import { classes } from './classes'
import { CheckIcon, ChevronIcon } from './icons'
import popup from './Popup.module.css'
import css from './Select.module.css'

export interface SelectProps<T extends string> {
  label: string
  value: T
  /** Value and what is shown for it, in order. */
  options: readonly (readonly [T, ReactNode])[]
  onChange(value: T): void
  /** Stands in the box instead of what is chosen. */
  shown?: ReactNode
  /** Shows the label in front of the box; else it is for screen readers alone. */
  labelled?: boolean
  small?: boolean
  disabled?: boolean
}

/** One of a few. */
export function Select<T extends string>(props: SelectProps<T>): ReactNode {
  const { label, value, options, onChange, labelled, small, disabled } = props
  const shown = props.shown ?? options.find(([each]) => each === value)?.[1]
  return (
    <Base.Root
      value={value}
      disabled={disabled ?? false}
      onValueChange={(next) => next !== null && onChange(next)}
    >
      <span className={css.whole}>
        <Base.Label className={labelled ? css.label : 'unseen'}>{label}</Base.Label>
        <Base.Trigger className={classes(css.trigger, small && css.small)}>
          <span className={css.value}>{shown}</span>
          <ChevronIcon />
        </Base.Trigger>
      </span>
      <Base.Portal>
        <Base.Positioner className={popup.place} sideOffset={4} alignItemWithTrigger={false}>
          <Base.Popup className={popup.popup}>
            <Base.List>
              {options.map(([each, text]) => (
                <Base.Item key={each} value={each} className={popup.item}>
                  <Base.ItemText>{text}</Base.ItemText>
                  <Base.ItemIndicator className={popup.mark}>
                    <CheckIcon />
                  </Base.ItemIndicator>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
