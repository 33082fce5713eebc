import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'

/** A change of a balance, with its sign. */
export function Change({ text }: { text: string }): ReactNode {
  const amount = useAmounts()
  const isLess = text.startsWith('-')
  return (
    <span className={isLess ? 'down' : 'up'}>
      {isLess ? '−' : '+'}
      {amount(text.replace('-', ''))}
    </span>
  )
}
