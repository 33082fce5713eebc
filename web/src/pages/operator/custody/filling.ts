import type { Ceremony } from './ceremonies'
import { faultOf } from './words'

export type Values = Readonly<Record<string, string>>

/** Words of commands that somebody fills in, in the order in which they are asked for. */
export const WORDS = [
  'HOLDERS',
  'APPROVERS',
  'SIGNERS',
  'COMERS',
  'NAMES',
  'HOLDER',
  'GONE',
  'NEW',
  'SECOND',
  'PERSON',
  'WHO',
  'FINGERPRINT',
  'NETWORK',
  'NEWLANE',
  'OLDLANE',
  'LISTEN',
  'EXCHANGE',
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

/** Names of several people: what stands for each of them, and for files of theirs all at once. */
interface People {
  each: string
  /** Before each name comes what stands before the word, behind it the word's own ending. */
  all: readonly string[]
  /** What stands for a name while there is none. */
  none: string
}

const PEOPLE: Partial<Record<Word, People>> = {
  HOLDERS: { each: 'EACH', all: ['ALL.part'], none: 'NAME' },
  APPROVERS: { each: 'APPROVER', all: ['ALL.approval'], none: 'APPROVER' },
  SIGNERS: { each: 'SIGNER', all: ['ALL.json', 'ALL.sock', 'ALL.keys'], none: 'SIGNER' },
  COMERS: { each: 'COMER', all: ['COMERS.json'], none: 'COMER' },
  NAMES: { each: '', all: ['NAMES'], none: 'NAME' },
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
  return has(commands, people.each) || people.all.some((file) => has(commands, file))
}

function has(command: string, word: string): boolean {
  return word !== '' && pattern(word).test(command)
}

/** A word with what stands before it up to the space. */
function pattern(word: string): RegExp {
  return new RegExp(`(\\S*)\\b${word.replace('.', '\\.')}\\b`)
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
  for (const [word, { all, none }] of MANY) {
    const names = namesOf(values, word as Word, none)
    for (const file of all) {
      const ending = file.slice(file.indexOf('.') + 1 || file.length)
      whole = whole.replace(pattern(file), (_, before: string) =>
        names.map((name) => `${before}${name}${ending && `.${ending}`}`).join(' '),
      )
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
