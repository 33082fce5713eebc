import { Dialog as Base } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { IconButton } from './Button'
import css from './Dialog.module.css'
import { CloseIcon } from './icons'

export interface DialogProps {
  title: ReactNode
  open: boolean
  onClose(): void
  children: ReactNode
  /** A sentence under the title. */
  about?: ReactNode
}

/** A modal dialog; Escape, the scrim and the cross close it, focus returns to where it was. */
export function Dialog({ title, open, onClose, children, about }: DialogProps): ReactNode {
  const { t } = useTranslation()
  return (
    <Base.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Base.Portal>
        <Base.Backdrop className={css.scrim} />
        <Base.Popup className={css.dialog}>
          <header className={css.head}>
            <Base.Title className={css.title}>{title}</Base.Title>
            <Base.Close render={<IconButton label={t('close')} size="small" />}>
              <CloseIcon />
            </Base.Close>
          </header>
          {about ? <Base.Description className={css.about}>{about}</Base.Description> : null}
          <div className={css.body}>{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
