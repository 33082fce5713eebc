import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react'
import type { Language, MessageKey, Messages } from './catalog'
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

/** Pages with texts that others do not carry; they wait for them, and keep what they had. */
export function MoreTexts<K extends string>(props: {
  load(language: Language): Promise<Record<K, string>>
  /** Shown until they are there. */
  waiting: ReactNode
  children: ReactNode
}): ReactNode {
  const { load, waiting, children } = props
  const spoken = useTranslation()
  const [whole, setWhole] = useState<Translator<MessageKey | K>>()
  const [problem, setProblem] = useState<unknown>()
  useEffect(() => {
    let isCurrent = true
    load(spoken.language).then(
      (more) => {
        if (isCurrent) setWhole(spoken.and(more))
      },
      (thrown: unknown) => {
        if (isCurrent) setProblem(thrown)
      },
    )
    return () => {
      isCurrent = false
    }
  }, [load, spoken])
  if (!whole && problem) throw problem
  if (!whole) return waiting
  return <Context value={whole as unknown as Translator}>{children}</Context>
}

/** `const { t } = useTranslation()`, then `t('trade.buy')`. */
export function useTranslation(): Translator {
  const translator = use(Context)
  if (!translator) throw new Error('outside of Translations')
  return translator
}

export type { Language, MessageKey } from './catalog'
export type { Values } from './translator'
