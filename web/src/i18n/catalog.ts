import type en from './messages/en.json'
import type ru from './messages/ru.json'
import type zh from './messages/zh.json'

/** Every message has a key; a key that is not in `en.json` does not compile. */
export type MessageKey = keyof typeof en
export type Messages = Record<MessageKey, string>

/** The languages by their own names. Another language is one file and one line in each table. */
export const LANGUAGES = { en: 'English', ru: 'Русский', zh: '简体中文' } as const
export type Language = keyof typeof LANGUAGES

type Missing<T> = Exclude<MessageKey, keyof T>
type Unknown<T> = Exclude<keyof T, MessageKey>
type Complete<T> = [Missing<T> | Unknown<T>] extends [never]
  ? T
  : { wrong: Missing<T> | Unknown<T> }

export const LOADERS: {
  en: () => Promise<typeof en>
  ru: () => Promise<Complete<typeof ru>>
  zh: () => Promise<Complete<typeof zh>>
} = {
  en: async () => (await import('./messages/en.json')).default,
  ru: async () => (await import('./messages/ru.json')).default,
  zh: async () => (await import('./messages/zh.json')).default,
}

export async function loadMessages(language: Language): Promise<Messages> {
  return LOADERS[language]()
}

/** The kept language, else the first of the browser's that there is. */
export function chosenLanguage(kept: string | undefined, wanted: readonly string[]): Language {
  const known = (name: string): name is Language => name in LANGUAGES
  if (kept && known(kept)) return kept
  const found = wanted.map((tag) => tag.split('-')[0] ?? '').find(known)
  return found ?? 'en'
}
