import { type ReactNode, useState } from 'react'
import { Button, type ButtonLook } from '~/ui/Button'

export interface ActButtonProps {
  label: string
  /** For screen readers, where several buttons say the same. */
  about?: string
  look?: ButtonLook
  size?: 'small' | 'normal'
  disabled?: boolean
  /** The dialog that the button opens. */
  children(close: () => void): ReactNode
}

/** A button that opens a dialog. */
export function Act(props: ActButtonProps): ReactNode {
  const { label, about, look = 'plain', size = 'normal', disabled, children } = props
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button
        look={look}
        size={size}
        disabled={disabled}
        aria-label={about ? `${label}: ${about}` : undefined}
        onClick={() => setOpen(true)}
      >
        {label}
      </Button>
      {isOpen ? children(() => setOpen(false)) : null}
    </>
  )
}
