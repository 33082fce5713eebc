import type { MessageKey } from '~/i18n'

export const PASSWORD_MIN = 10
export const PASSWORD_MAX = 128
export const LABEL_MAX = 50
export const LOCK_DAYS_MAX = 30

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/
const MESSAGE_CODE = /^\d{8}$/
const QUOTA = /^\d{0,10}$/
const PASSPHRASE = /^[\x20-\x7e]{8,32}$/

/** What is wrong with an e-mail address as it was typed. */
export function emailFault(text: string): MessageKey | undefined {
  return EMAIL.test(text.trim()) ? undefined : 'form.email.fault'
}

export function newPasswordFault(text: string): MessageKey | undefined {
  const length = [...text].length
  return length >= PASSWORD_MIN && length <= PASSWORD_MAX ? undefined : 'form.password.fault'
}

export function requiredFault(text: string): MessageKey | undefined {
  return text.trim() ? undefined : 'form.required'
}

/** The eight digits of a message. */
export function messageCodeFault(text: string): MessageKey | undefined {
  return MESSAGE_CODE.test(digits(text)) ? undefined : 'form.code.fault'
}

export function labelFault(text: string): MessageKey | undefined {
  const length = [...text.trim()].length
  return length >= 1 && length <= LABEL_MAX ? undefined : 'form.label.fault'
}

/** Whole days for which settings can be locked. */
export function lockDaysFault(text: string): MessageKey | undefined {
  const days = text.trim()
  const isWhole = /^\d{1,2}$/.test(days)
  return isWhole && Number(days) >= 1 && Number(days) <= LOCK_DAYS_MAX
    ? undefined
    : 'wdSettings.days.fault'
}

/** A limit in whole USD; nothing is none. */
export function quotaFault(text: string): MessageKey | undefined {
  return QUOTA.test(text.trim()) ? undefined : 'wdSettings.quota.fault'
}

export function passphraseFault(text: string): MessageKey | undefined {
  return PASSPHRASE.test(text) ? undefined : 'form.passphrase.fault'
}

/** A code as people copy it: with spaces, or in groups. */
export function digits(text: string): string {
  return text.replace(/[\s-]/g, '')
}

/** Those of the checks that found something. */
export function faults<N extends string>(
  found: Partial<Record<N, MessageKey | undefined>>,
): Partial<Record<N, MessageKey>> {
  const kept = Object.entries(found).filter(([, fault]) => fault !== undefined)
  return Object.fromEntries(kept) as Partial<Record<N, MessageKey>>
}
