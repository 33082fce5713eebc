import { Toast as Base } from '@base-ui/react/toast'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { IconButton } from './Button'
import { CloseIcon } from './icons'
import css from './toasts.module.css'

export type ToastKind = 'good' | 'bad' | 'plain'

const manager = Base.createToastManager()
const SHOWN_MS = 6_000

/** Says something in the corner for a while; screen readers hear it too. */
export function toast(title: string, kind: ToastKind = 'plain', description?: string): void {
  manager.add({
    title,
    type: kind,
    timeout: SHOWN_MS,
    priority: kind === 'bad' ? 'high' : 'low',
    ...(description ? { description } : {}),
  })
}

export function Toasts({ children }: { children: ReactNode }): ReactNode {
  return (
    <Base.Provider toastManager={manager} limit={4}>
      {children}
      <Base.Portal>
        <Base.Viewport className={css.corner}>
          <List />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  )
}

function List(): ReactNode {
  const { t } = useTranslation()
  const { toasts } = Base.useToastManager()
  return toasts.map((each) => (
    <Base.Root key={each.id} toast={each} className={css.toast} data-kind={each.type}>
      <Base.Content className={css.content}>
        <div className={css.text}>
          <Base.Title className={css.title} />
          <Base.Description className={css.about} />
        </div>
        <Base.Close render={<IconButton label={t('close')} size="small" />}>
          <CloseIcon />
        </Base.Close>
      </Base.Content>
    </Base.Root>
  ))
}
