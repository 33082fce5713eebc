import { IntlMessageFormat } from 'intl-messageformat'
import type { Language, MessageKey, Messages } from './catalog'

export type Values = Record<string, string | number | Date>

/** Messages of one language, each parsed when it is first shown. */
export class Translator {
  #parsed = new Map<MessageKey, IntlMessageFormat>()

  constructor(
    readonly language: Language,
    private readonly messages: Messages,
  ) {}

  /** A message with its values filled in. */
  readonly t = (key: MessageKey, values?: Values): string => {
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
  readonly has = (key: string): key is MessageKey => {
    return key in this.messages
  }
}
