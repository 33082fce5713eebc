import type { ReactNode } from 'react'
import css from './Facts.module.css'

export type Fact = readonly [name: string, value: ReactNode]

/** Names and values, beside each other. */
export function Facts({ facts }: { facts: readonly Fact[] }): ReactNode {
  return (
    <dl className={css.facts}>
      {facts.map(([name, value]) => (
        <div key={name} className={css.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
