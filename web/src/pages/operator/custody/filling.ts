import type { Ceremony } from './ceremonies'

export type Values = Readonly<Record<string, string>>

/** Words of commands that somebody fills in, in the order in which they are asked for. */
export const WORDS = [
  'HOLDERS',
  'APPROVERS',
  'GONE',
  'NEW',
  'PERSON',
  'NETWORK',
  'TIER',
  'SOURCE',
  'TARGET',
  'ASSET',
  'AMOUNT',
  'PROPOSER',
  'QUORUM',
  'CHALLENGE',
  'ANSWER',
  'TRANSACTION',
] as const

export type Word = (typeof WORDS)[number]

/** Words that are names of several people. */
const PEOPLE: Partial<Record<Word, RegExp>> = {
  HOLDERS: /\bEACH\b|\bALL\.part\b/,
  APPROVERS: /\bAPPROVER\b|\bALL\.approval\b/,
}
// The others, all at once: what was filled in for one is not looked at for another.
const SINGLE = new RegExp(`\\b(${WORDS.filter((word) => !PEOPLE[word]).join('|')})\\b`, 'g')
const PLAIN = /^[A-Za-z0-9_./:@=+-]+$/

/** What a ceremony's commands want to know. */
export function wordsOf({ steps }: Ceremony): Word[] {
  const commands = steps.map(({ command }) => command).join('\n')
  return WORDS.filter((word) => (PEOPLE[word] ?? new RegExp(`\\b${word}\\b`)).test(commands))
}

/** The lines to run: one, or one for each who has to; words stand where nothing was filled in. */
export function filled(command: string, values: Values): string[] {
  const holders = namesOf(values.HOLDERS, 'NAME')
  const approvers = namesOf(values.APPROVERS, 'APPROVER')
  const whole = command
    .replace(/\bALL\.part\b/, () => filesOf(holders, 'part'))
    .replace(/\bALL\.approval\b/, () => filesOf(approvers, 'approval'))
    .replace(SINGLE, (word) => quoted(values[word], word))
  if (/\bEACH\b/.test(command)) return eachOf(whole, 'EACH', holders)
  return /\bAPPROVER\b/.test(command) ? eachOf(whole, 'APPROVER', approvers) : [whole]
}

function eachOf(command: string, word: string, names: readonly string[]): string[] {
  return names.map((name) => command.replace(new RegExp(`\\b${word}\\b`, 'g'), () => name))
}

function filesOf(names: readonly string[], kind: string): string {
  return names.map((name) => `${name}.${kind}`).join(' ')
}

/** Names with commas or spaces between them; the word itself while there are none. */
function namesOf(text: string | undefined, word: string): string[] {
  const names = (text ?? '').split(/[\s,]+/).filter(Boolean)
  return names.length > 0 ? names.map((name) => quoted(name, word)) : [word]
}

/** A value as a shell takes it as one word and nothing else. */
function quoted(text: string | undefined, word: string): string {
  const value = (text ?? '').trim()
  if (!value) return word
  return PLAIN.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`
}
