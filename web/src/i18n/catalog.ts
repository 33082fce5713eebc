import type consoleEn from './messages/console/en.json'
import type consoleRu from './messages/console/ru.json'
import type consoleZh from './messages/console/zh.json'
import type en from './messages/en.json'
import type ru from './messages/ru.json'
import type zh from './messages/zh.json'

/** Every message has a key; a key that is not in `en.json` does not compile. */
export type MessageKey = keyof typeof en
export type Messages = Record<MessageKey, string>

/** Keys of the operator's console, whose texts are loaded with its first page. */
export type ConsoleKey = keyof typeof consoleEn
export type ConsoleMessages = Record<ConsoleKey, string>

/** The languages by their own names. Another language is one file and one line in each table. */
export const LANGUAGES = { en: 'English', ru: 'Русский', zh: '简体中文' } as const
export type Language = keyof typeof LANGUAGES

type Missing<E, T> = Exclude<keyof E, keyof T>
type Complete<E, T> = [Missing<E, T> | Missing<T, E>] extends [never]
  ? T
  : { wrong: Missing<E, T> | Missing<T, E> }

export const LOADERS: {
  en: () => Promise<typeof en>
  ru: () => Promise<Complete<typeof en, typeof ru>>
  zh: () => Promise<Complete<typeof en, typeof zh>>
} = {
  en: async () => (await import('./messages/en.json')).default,
  ru: async () => (await import('./messages/ru.json')).default,
  zh: async () => (await import('./messages/zh.json')).default,
}

export const CONSOLE_LOADERS: {
  en: () => Promise<typeof consoleEn>
  ru: () => Promise<Complete<typeof consoleEn, typeof consoleRu>>
  zh: () => Promise<Complete<typeof consoleEn, typeof consoleZh>>
} = {
  en: async () => (await import('./messages/console/en.json')).default,
  ru: async () => (await import('./messages/console/ru.json')).default,
  zh: async () => (await import('./messages/console/zh.json')).default,
}

export async function loadMessages(language: Language): Promise<Messages> {
  return LOADERS[language]()
}

export async function loadConsoleMessages(language: Language): Promise<ConsoleMessages> {
  return CONSOLE_LOADERS[language]()
}

/** The kept language, else the first of the browser's that there is. */
export function chosenLanguage(kept: string | undefined, wanted: readonly string[]): Language {
  const known = (name: string): name is Language => name in LANGUAGES
  if (kept && known(kept)) return kept
  const found = wanted.map((tag) => tag.split('-')[0] ?? '').find(known)
  return found ?? 'en'
}
