import type { ConsoleKey } from '../texts'
import type { Values, Word } from './filling'

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/
const NUMBER = /^[1-9]\d{0,29}$/
const HEX = /^(0x)?([0-9a-fA-F]{2}){8,512}$/

export const TIERS = ['hot', 'warm', 'cold'] as const

const NAMES: readonly Word[] = ['GONE', 'NEW', 'PROPOSER']
const SEVERAL: readonly Word[] = ['HOLDERS', 'APPROVERS', 'SIGNERS']
const NUMBERS: readonly Word[] = ['PERSON', 'NETWORK', 'ASSET', 'AMOUNT', 'QUORUM', 'MOVE']
const HEXES: readonly Word[] = ['CHALLENGE', 'ANSWER', 'TRANSACTION']

/** Words that are one of three tiers, to be chosen. */
export const TIER_WORDS: readonly Word[] = ['TIER', 'SOURCE', 'TARGET']

/** Why what was filled in may stand in no command; nothing for what is empty. */
export function faultOf(word: Word, values: Values): ConsoleKey | undefined {
  const text = (values[word] ?? '').trim()
  if (!text) return undefined
  if (SEVERAL.includes(word)) return namesFault(text.split(/[\s,]+/).filter(Boolean))
  if (NAMES.includes(word))
    return NAME.test(text) ? takenFault(word, text, values) : 'op.fault.name'
  if (NUMBERS.includes(word)) return NUMBER.test(text) ? undefined : 'op.fault.number'
  if (HEXES.includes(word)) return HEX.test(text) ? undefined : 'op.fault.hex'
  if (!TIERS.some((tier) => tier === text)) return 'op.fault.tier'
  return word === 'TARGET' && text === values.SOURCE?.trim() ? 'op.fault.sameTier' : undefined
}

function namesFault(names: readonly string[]): ConsoleKey | undefined {
  if (!names.every((name) => NAME.test(name))) return 'op.fault.name'
  return new Set(names).size < names.length ? 'op.fault.twice' : undefined
}

/** Who comes is not there yet, and not who is gone. */
function takenFault(word: Word, name: string, values: Values): ConsoleKey | undefined {
  if (word !== 'NEW') return undefined
  const signers = (values.SIGNERS ?? '').split(/[\s,]+/)
  return name === values.GONE?.trim() || signers.includes(name) ? 'op.fault.taken' : undefined
}
