import type { Gate, Stop, WholeStop } from './rows'

/** A suspension's way back, in order. */
export const COURSE = [
  'active',
  'reopen_planned',
  'gate_check',
  'canary',
  'draining',
  'lifted',
  'reported',
] as const

export type Deed =
  | 'ratify'
  | 'discard'
  | 'extend'
  | 'plan'
  | 'check'
  | 'show'
  | 'sign-off'
  | 'canary'
  | 'open-drain'
  | 'tick'
  | 'lift'
  | 'fall'
  | 'report'

const CANARY_GATE = 'G4'
const LEAVING = ['withdraw', 'api_withdraw']

/** Whether it stops withdrawals, which are paid out in order before it is lifted. */
export function stopsLeaving({ actions }: Pick<Stop, 'actions'>): boolean {
  return actions.some((each) => LEAVING.includes(each))
}

/** The steps of its way back: one that stops no withdrawals has no canary and no drain. */
export function courseOf(stop: Pick<Stop, 'actions'>): readonly string[] {
  if (stopsLeaving(stop)) return COURSE
  return COURSE.filter((step) => step !== 'canary' && step !== 'draining')
}

/** Whether a drain opens without a canary: nobody waits, or there is no such gate. */
function wantsNoCanary({ gates, lines }: Pick<WholeStop, 'gates' | 'lines'>): boolean {
  return (
    gates.every(({ gate }) => gate !== CANARY_GATE) ||
    lines.every(({ count }) => Number(count) === 0)
  )
}

/** What leads on from the gates. */
function wayOn(stop: WholeStop): Deed[] {
  if (!stopsLeaving(stop)) return ['lift']
  return wantsNoCanary(stop) ? ['open-drain'] : ['canary']
}

/** What may be done in its state; whose word counts, the exchange says. */
export function deedsOf(stop: WholeStop): Deed[] {
  const ratify: Deed[] = stop.ratified ? [] : ['ratify']
  switch (stop.state) {
    case 'draft':
      return [...ratify, 'discard']
    case 'active':
      return [...ratify, 'plan', 'extend']
    case 'reopen_planned':
      return [...ratify, 'check', 'show', 'sign-off', 'plan', 'extend', 'fall']
    case 'gate_check':
      return [...ratify, 'show', 'sign-off', ...wayOn(stop), 'plan', 'fall']
    case 'canary':
      return [...ratify, 'open-drain', 'canary', 'show', 'sign-off', 'fall']
    case 'draining':
      return [...ratify, 'tick', 'lift', 'fall']
    case 'lifted':
      return ['report']
    default:
      return []
  }
}

/** Whether an operator's sign-off would count: not the planner's, and once. */
export function maySignOff(stop: Pick<Stop, 'planner' | 'signOffUids'>, uid: string): boolean {
  return stop.planner !== uid && stop.signOffUids.every((voice) => voice.uid !== uid)
}

/** Whether an operator's ratification would count. */
export function mayRatify(stop: Pick<Stop, 'uid' | 'approvals'>, uid: string): boolean {
  return stop.uid !== uid && stop.approvals.every((voice) => voice.uid !== uid)
}

const ARRIVED = '2'

/** What a step rests on and is not there yet: gates, sign-offs as they are counted, canaries. */
export interface Lacks {
  gates: Gate[]
  needsSignOffs: boolean
  /** Networks on which canaries are under way. */
  chains: string[]
}

/** Nothing for a step that rests on no gates. */
export function lacksOf(deed: Deed, stop: WholeStop): Lacks {
  const isDrain = deed === 'open-drain'
  const isGated = isDrain || deed === 'canary' || (deed === 'lift' && stop.state === 'gate_check')
  if (!isGated) return { gates: [], needsSignOffs: false, chains: [] }
  return {
    gates: stop.gates.filter(({ gate, state }) => gate !== CANARY_GATE && state !== 'passed'),
    needsSignOffs: stop.signOffUids.length < Number(stop.signOffsNeeded),
    chains: stop.canaries
      .filter(({ state }) => isDrain && state !== ARRIVED)
      .map(({ network }) => network),
  }
}

/** The one that comes next, which the page offers first. */
export function nextOf(deeds: readonly Deed[]): Deed | undefined {
  return deeds.find((deed) => deed !== 'ratify')
}

/** How look the words for a gate's, or a suspension's, state. */
export function gateLook(state: string): 'good' | 'bad' | 'plain' {
  if (state === 'passed') return 'good'
  return state === 'waiting' || state === 'missing' ? 'plain' : 'bad'
}

export function stopLook(state: string): 'good' | 'bad' | 'plain' {
  if (state === 'lifted' || state === 'reported') return 'good'
  return state === 'active' ? 'bad' : 'plain'
}

/** What is left of a time, as minutes and seconds; '' when it is over. */
export function leftText(untilMs: number, nowMs: number): string {
  const seconds = Math.ceil((untilMs - nowMs) / 1000)
  if (seconds <= 0) return ''
  const rest = String(seconds % 60).padStart(2, '0')
  return `${Math.floor(seconds / 60)}:${rest}`
}

/** How far a drain is, from 0 to 1. */
export function paidShare({ paid, waiting }: { paid: string; waiting: string }): number {
  const all = Number(paid) + Number(waiting)
  return all > 0 ? Number(paid) / all : 1
}
