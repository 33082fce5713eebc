import type { ReactNode } from 'react'
import { MoreTexts, useTranslation as useTexts } from '~/i18n'
import { type ConsoleKey, loadConsoleMessages, type MessageKey } from '~/i18n/catalog'
import type { Translator } from '~/i18n/translator'
import css from './layout/OperatorLayout.module.css'

/** The console's texts, which the rest of the app does not carry, around its pages. */
export function ConsoleTexts({ children }: { children: ReactNode }): ReactNode {
  const { t } = useTexts()
  const waiting = (
    <div className={css.waiting} role="status">
      {t('loading')}
    </div>
  )
  return (
    <MoreTexts load={loadConsoleMessages} waiting={waiting}>
      {children}
    </MoreTexts>
  )
}

/** As everywhere, with the console's texts; for pages within `ConsoleTexts`. */
export function useTranslation(): Translator<MessageKey | ConsoleKey> {
  return useTexts() as unknown as Translator<MessageKey | ConsoleKey>
}

export type { ConsoleKey, MessageKey } from '~/i18n/catalog'
