import { IntlMessageFormat } from 'intl-messageformat'
import type { Language, MessageKey } from './catalog'

export type Values = Record<string, string | number | Date>

/** Messages of one language, each parsed when it is first shown. */
export class Translator<K extends string = MessageKey> {
  #parsed = new Map<K, IntlMessageFormat>()

  constructor(
    readonly language: Language,
    private readonly messages: Record<K, string>,
  ) {}

  /** A message with its values filled in. */
  readonly t = (key: K, values?: Values): string => {
    const text = this.messages[key]
    if (!values && !text.includes('{') && !text.includes("'")) return text
    let format = this.#parsed.get(key)
    if (!format) {
      format = new IntlMessageFormat(text, this.language)
      this.#parsed.set(key, format)
    }
    return format.format(values) as string
  }

  /** Whether there is a message with this name, as for codes that not all have a sentence. */
  readonly has = (key: string): key is K => {
    return key in this.messages
  }

  /** These messages and more. */
  and<M extends string>(more: Record<M, string>): Translator<K | M> {
    const all: Record<string, string> = { ...this.messages, ...more }
    return new Translator<K | M>(this.language, all)
  }
}
