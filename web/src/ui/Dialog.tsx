import { Dialog as Base } from '@base-ui/react/dialog'
import { type ReactNode, useEffect, useId } from 'react'
import { useTranslation } from '~/i18n'
import { IconButton } from './Button'
import { classes } from './classes'
import css from './Dialog.module.css'
import { CloseIcon } from './icons'

export interface DialogProps {
  title: ReactNode
  open: boolean
  onClose(): void
  children: ReactNode
  /** A sentence under the title. */
  about?: ReactNode
  /** Only what stands in the dialog closes it: what it shows is not shown again. */
  firm?: boolean
  /** With room for a table. */
  wide?: boolean | undefined
}

// Dialogs from below to above: one that asks for a password may open over another with a form.
const pile: string[] = []

function usePile(open: boolean): () => boolean {
  const id = useId()
  useEffect(() => {
    if (!open) return
    pile.push(id)
    return () => {
      pile.splice(pile.indexOf(id), 1)
    }
  }, [open, id])
  return () => pile.at(-1) === id
}

/** A modal dialog; Escape, the scrim and the cross close it, focus returns to where it was. */
export function Dialog(props: DialogProps): ReactNode {
  const { title, open, onClose, children, about, firm, wide } = props
  const { t } = useTranslation()
  const isOnTop = usePile(open)
  const onOpenChange = (next: boolean) => next || firm || !isOnTop() || onClose()
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className={css.scrim} />
        <Base.Popup className={classes(css.dialog, wide && css.wide)}>
          <header className={css.head}>
            <Base.Title className={css.title}>{title}</Base.Title>
            {firm ? null : (
              <Base.Close render={<IconButton label={t('close')} size="small" />}>
                <CloseIcon />
              </Base.Close>
            )}
          </header>
          {about ? <Base.Description className={css.about}>{about}</Base.Description> : null}
          <div className={css.body}>{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
