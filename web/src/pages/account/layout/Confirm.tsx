import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import formCss from '../form/Form.module.css'
import { Problem } from '../form/Problem'
import { useAction } from '../form/useForm'

export interface ConfirmProps {
  title: string
  about: ReactNode
  /** What the button says: the deed itself. */
  deed: string
  /** What leaves all as it is, where "Cancel" could be taken for the deed. */
  keep?: string
  onClose(): void
  onConfirm(): Promise<void>
  children?: ReactNode
}

/** Asks before what cannot be taken back. */
export function Confirm(props: ConfirmProps): ReactNode {
  const { title, about, deed, keep, onClose, onConfirm, children } = props
  const { t } = useTranslation()
  const { run, busy, problem } = useAction(async () => {
    await onConfirm()
    onClose()
  })
  return (
    <Dialog open title={title} about={about} onClose={onClose}>
      {children}
      <Problem problem={problem} />
      <div className={formCss.buttons}>
        <Button look="danger" busy={busy} onClick={() => void run()}>
          {deed}
        </Button>
        <Button onClick={onClose}>{keep ?? t('cancel')}</Button>
      </div>
    </Dialog>
  )
}
