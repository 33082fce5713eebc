import type { MessageKey } from '~/i18n'

const ACCOUNT = /^0x[0-9a-f]{40}$/i
// Of Bitcoin and the like, with or without what their network's addresses begin with.
const LETTERS = /^(?!0x)[0-9a-z]{25,90}$/i

/** What no network's address looks like; whether it is one of a network the exchange says. */
export function addressFault(text: string): MessageKey | undefined {
  const address = text.trim()
  if (address === '') return 'form.required'
  return ACCOUNT.test(address) || LETTERS.test(address) ? undefined : 'refusal.58222'
}
