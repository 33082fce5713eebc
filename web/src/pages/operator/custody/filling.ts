import type { Ceremony } from './ceremonies'
import { faultOf } from './words'

export type Values = Readonly<Record<string, string>>

/** Words of commands that somebody fills in, in the order in which they are asked for. */
export const WORDS = [
  'HOLDERS',
  'APPROVERS',
  'SIGNERS',
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
  'MOVE',
  'TRANSACTION',
] as const

export type Word = (typeof WORDS)[number]

/** Names of several people: what stands for each of them, and files of theirs all at once. */
interface People {
  each: string
  files: readonly (readonly [word: string, folder: string])[]
  /** What stands for a name while there is none. */
  none: string
}

const PEOPLE: Partial<Record<Word, People>> = {
  HOLDERS: { each: 'EACH', files: [['ALL.part', '']], none: 'NAME' },
  APPROVERS: { each: 'APPROVER', files: [['ALL.approval', '']], none: 'APPROVER' },
  SIGNERS: {
    each: 'SIGNER',
    files: [
      ['ALL.json', 'cards/'],
      ['ALL.sock', ''],
      ['ALL.keys', ''],
    ],
    none: 'SIGNER',
  },
}
const MANY = Object.entries(PEOPLE)
// The others, all at once: what was filled in for one is not looked at for another.
const SINGLE = new RegExp(`\\b(${WORDS.filter((word) => !PEOPLE[word]).join('|')})\\b`, 'g')

/** What a ceremony's commands want to know. */
export function wordsOf({ steps }: Ceremony): Word[] {
  const commands = steps.map(({ command }) => command).join('\n')
  return WORDS.filter((word) => isIn(word, commands))
}

function isIn(word: Word, commands: string): boolean {
  const people = PEOPLE[word]
  if (!people) return has(commands, word)
  return has(commands, people.each) || people.files.some(([file]) => has(commands, file))
}

function has(command: string, word: string): boolean {
  return new RegExp(`\\b${word.replace('.', '\\.')}\\b`).test(command)
}

/** What a command wants to know and was not told, or not so that it may be run. */
export function lacking(command: string, values: Values): Word[] {
  return WORDS.filter(
    (word) => isIn(word, command) && (!values[word]?.trim() || faultOf(word, values)),
  )
}

/** The lines to run: one, or one for each who has to; words stand where nothing right is. */
export function filled(command: string, values: Values): string[] {
  if (!command) return []
  let whole = command
  for (const [word, { files, none }] of MANY) {
    const names = namesOf(values, word as Word, none)
    for (const [file, folder] of files) {
      const kind = file.split('.')[1]
      const all = names.map((name) => `${folder}${name}.${kind}`).join(' ')
      whole = whole.replace(file, () => all)
    }
  }
  whole = whole.replace(SINGLE, (word) => rightOf(values, word as Word) || word)
  const many = MANY.find(([, { each }]) => has(whole, each))
  if (!many) return [whole]
  const [word, { each, none }] = many
  const place = new RegExp(`\\b${each}\\b`, 'g')
  return namesOf(values, word as Word, none).map((name) => whole.replace(place, () => name))
}

/** Names with commas or spaces between them; what stands for them while there are none. */
function namesOf(values: Values, word: Word, none: string): string[] {
  const names = rightOf(values, word)
    .split(/[\s,]+/)
    .filter(Boolean)
  return names.length > 0 ? names : [none]
}

/** What was filled in; '' where it may stand in no command. */
function rightOf(values: Values, word: Word): string {
  return faultOf(word, values) ? '' : (values[word] ?? '').trim()
}
