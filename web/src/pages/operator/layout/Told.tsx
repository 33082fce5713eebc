import type { ReactNode } from 'react'

/** What is wrong in the reader's language, and beside it what somebody else said, as said. */
export function Told({ text, own }: { text: string; own: string }): ReactNode {
  if (!own) return text
  return (
    <>
      {text ? `${text}: ` : null}
      <small lang="en">{own}</small>
    </>
  )
}
