import type { ConsoleKey } from '../texts'
import type { Values, Word } from './filling'

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/
const NUMBER = /^[1-9]\d{0,29}$/
const HEX = /^(0x)?([0-9a-fA-F]{2}){8,512}$/

const ACCOUNT = /^(0x)?[0-9a-fA-F]{40}$/
const PLACE = /^[A-Za-z0-9.-]+:[1-9]\d{0,4}$/

const NAMES: readonly Word[] = ['GONE', 'NEW', 'SECOND', 'HOLDER', 'PROPOSER']
const SEVERAL: readonly Word[] = ['HOLDERS', 'APPROVERS', 'SIGNERS', 'COMERS', 'NAMES']
const NUMBERS: readonly Word[] = ['PERSON', 'NETWORK', 'ASSET', 'AMOUNT', 'QUORUM', 'MOVE']
const HEXES: readonly Word[] = ['CHALLENGE', 'ANSWER', 'TRANSACTION', 'FINGERPRINT']
const ACCOUNTS: readonly Word[] = ['NEWLANE', 'OLDLANE']
const PLACES: readonly Word[] = ['LISTEN', 'EXCHANGE']

const TIERS = ['hot', 'warm', 'cold'] as const

/** Words that are one of a few, to be chosen. People hold keys of warm and cold alone. */
export const CHOICES: Partial<Record<Word, readonly string[]>> = {
  TIER: ['warm', 'cold'],
  SOURCE: TIERS,
  TARGET: TIERS,
  WHO: ['payer', 'exchange'],
}

/** What a choice is called, where it has a name; else it is shown as it stands in commands. */
export function choiceName(choice: string): ConsoleKey | undefined {
  const tier = TIERS.find((one) => one === choice)
  return tier && `op.tierName.${tier}`
}

/** Why what was filled in may stand in no command; nothing for what is empty. */
export function faultOf(word: Word, values: Values): ConsoleKey | undefined {
  const text = (values[word] ?? '').trim()
  if (!text) return undefined
  if (SEVERAL.includes(word)) return namesFault(text.split(/[\s,]+/).filter(Boolean))
  if (NAMES.includes(word))
    return NAME.test(text) ? takenFault(word, text, values) : 'op.fault.name'
  if (NUMBERS.includes(word)) return NUMBER.test(text) ? undefined : 'op.fault.number'
  if (HEXES.includes(word)) return HEX.test(text) ? undefined : 'op.fault.hex'
  if (ACCOUNTS.includes(word)) return accountFault(word, text, values)
  if (PLACES.includes(word)) return PLACE.test(text) ? undefined : 'op.fault.place'
  if (!CHOICES[word]?.includes(text)) return 'op.fault.choice'
  return word === 'TARGET' && text === values.SOURCE?.trim() ? 'op.fault.sameTier' : undefined
}

function accountFault(word: Word, text: string, values: Values): ConsoleKey | undefined {
  if (!ACCOUNT.test(text)) return 'op.fault.account'
  const bare = (one = '') => one.trim().toLowerCase().replace(/^0x/, '')
  return word === 'OLDLANE' && bare(text) === bare(values.NEWLANE) ? 'op.fault.sameLane' : undefined
}

function namesFault(names: readonly string[]): ConsoleKey | undefined {
  if (!names.every((name) => NAME.test(name))) return 'op.fault.name'
  return new Set(names).size < names.length ? 'op.fault.twice' : undefined
}

/** Who comes is not there yet, and not who is gone; a second one is somebody else. */
function takenFault(word: Word, name: string, values: Values): ConsoleKey | undefined {
  if (word !== 'NEW' && word !== 'SECOND') return undefined
  const signers = (values.SIGNERS ?? '').split(/[\s,]+/)
  const others = [values.GONE?.trim(), word === 'SECOND' ? values.NEW?.trim() : '']
  return others.includes(name) || signers.includes(name) ? 'op.fault.taken' : undefined
}
