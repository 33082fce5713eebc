import type { ReactNode } from 'react'
import type { MessageKey } from '~/i18n'

/** What a field's own control is given. */
export interface ControlProps {
  value: string
  /** What is wrong with it, once it was to be sent. */
  error: string | undefined
  onChange(value: string): void
}

export interface ActField {
  name: string
  label: string
  hint?: string
  /** One of these; without it a text. */
  options?: readonly (readonly [string, ReactNode])[]
  initial?: string
  isOptional?: boolean
  after?: string
  /**
   * `many` of the options, sent with commas between them; a `moment` in the reader's own time, sent
   * in ms; `seconds`, sent in ms; the `digest` of a document, which stays where it is.
   */
  kind?: 'many' | 'moment' | 'seconds' | 'digest' | 'lines'
  /** A control of its own instead. */
  control?(props: ControlProps): ReactNode
  /** What is wrong with what was typed. */
  fault?(text: string): MessageKey | undefined
  /** Whether it is asked for, by what was chosen so far. */
  when?(typed: Record<string, string>): boolean
}

/** The fields that are asked for. */
export function asked(
  fields: readonly ActField[],
  typed: Record<string, string>,
): readonly ActField[] {
  return fields.filter(({ when }) => !when || when(typed))
}

export function initialOf(fields: readonly ActField[]): Record<string, string> {
  return Object.fromEntries(
    fields.map(({ name, initial, options, kind }) => [
      name,
      initial ?? (kind === 'many' ? '' : (options?.[0]?.[0] ?? '')),
    ]),
  )
}

/** What is sent of what was typed: of fields that are asked for alone, moments in ms. */
export function sentOf(
  fields: readonly ActField[],
  typed: Record<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    fields.map(({ name, kind }) => {
      const text = typed[name] ?? ''
      if (kind === 'seconds') return [name, inMs(text)]
      return [name, kind === 'moment' ? msOf(text) : text]
    }),
  )
}

/** Seconds in ms; what is no number as it is, to be refused. */
function inMs(seconds: string): string {
  const ms = Math.round(Number(seconds) * 1000)
  return Number.isNaN(ms) ? seconds : String(ms)
}

/** A local day and time, as a field of the browser has them, in ms; '' where there is none. */
export function msOf(local: string): string {
  const ms = local ? new Date(local).getTime() : Number.NaN
  return Number.isNaN(ms) ? '' : String(ms)
}

/** A moment in ms as a field of the browser takes it. */
export function localOf(ms: string): string {
  if (!ms) return ''
  const date = new Date(Number(ms))
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}

/** A list with commas, with or without one of its words; in the order of `all`. */
export function toggled(list: string, word: string, all: readonly string[]): string {
  const had = new Set(list.split(',').filter(Boolean))
  if (!had.delete(word)) had.add(word)
  return all.filter((each) => had.has(each)).join(',')
}
