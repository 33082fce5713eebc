import type { MessageKey } from '~/i18n'

export const NOTE_MIN = 3
export const NOTE_MAX = 500

/** What is wrong with a reason as it was typed. */
export function noteFault(text: string): MessageKey | undefined {
  const length = [...text.trim()].length
  return length >= NOTE_MIN && length <= NOTE_MAX ? undefined : 'op.note.fault'
}
