import { createContext, type ReactNode, use, useEffect, useMemo } from 'react'
import type { Language, Messages } from './catalog'
import { Translator } from './translator'

const Context = createContext<Translator | null>(null)

export function Translations(props: {
  language: Language
  messages: Messages
  children: ReactNode
}): ReactNode {
  const { language, messages, children } = props
  const translator = useMemo(() => new Translator(language, messages), [language, messages])
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  return <Context value={translator}>{children}</Context>
}

/** `const { t } = useTranslation()`, then `t('trade.buy')`. */
export function useTranslation(): Translator {
  const translator = use(Context)
  if (!translator) throw new Error('outside of Translations')
  return translator
}

export type { Language, MessageKey } from './catalog'
export type { Values } from './translator'
