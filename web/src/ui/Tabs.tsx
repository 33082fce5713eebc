import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'
import { classes } from './classes'
import css from './Tabs.module.css'

export interface Tab<T extends string> {
  id: T
  title: ReactNode
  content: ReactNode
}

export interface TabsProps<T extends string> {
  label: string
  tabs: readonly Tab<T>[]
  value: T
  onChange(value: T): void
  /** Shown at the end of the row of tabs. */
  after?: ReactNode
  className?: string
}

/** Panels of which one is shown; arrow keys go through the tabs. */
export function Tabs<T extends string>(props: TabsProps<T>): ReactNode {
  const { label, tabs, value, onChange, after, className } = props
  return (
    <Base.Root
      value={value}
      onValueChange={(next) => onChange(next as T)}
      className={classes(css.tabs, className)}
    >
      <div className={css.bar}>
        <Base.List aria-label={label} className={css.list}>
          {tabs.map(({ id, title }) => (
            <Base.Tab key={id} value={id} className={css.tab}>
              {title}
            </Base.Tab>
          ))}
        </Base.List>
        {after ? <div className={css.after}>{after}</div> : null}
      </div>
      {tabs.map(({ id, content }) => (
        <Base.Panel key={id} value={id} className={css.panel}>
          {content}
        </Base.Panel>
      ))}
    </Base.Root>
  )
}
