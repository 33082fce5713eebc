import { type Checked, checkFiles, Refused, type Step } from '~/reserves/verifier'
import { evidencePath, PROOF, type Statement, statementPath, textOf } from './published'
import { type Balance, fileOf, type Receipt } from './receipts'

export type Failure =
  | { kind: 'early' | 'offline' | 'account' | 'evidence' }
  | { kind: 'refused'; why: string }

export interface Outcome {
  steps: Step[]
  checked?: Checked
  proof?: string
  failure?: Failure
}

/** No statement holds the account yet. */
class Early extends Error {}

/** How many of the earliest receipts the exchange is asked about once more at each check. */
const ASKED_AGAIN = 3
/** With how many of the newest a new one is compared when it comes. */
const COMPARED = 5
/** With how many of all at a check: each has two signatures, and a phone has to do it. */
const CHECKED = 30

const statementIn = (bundle: string) => (JSON.parse(bundle) as { statement: Statement }).statement

/**
 * The newest proof: as pushed while it counts, else as the exchange answers, else the last that
 * was kept.
 */
async function proofOf(pushed: string, receipts: readonly Receipt[]): Promise<string> {
  if (pushed && Date.now() <= statementIn(pushed).expires) return pushed
  const kept = receipts.at(-1)?.text
  let answer: { code: string; data: unknown[] }
  try {
    answer = JSON.parse(await textOf(PROOF))
  } catch (problem) {
    if (kept) return kept
    throw problem
  }
  // A refusal is an answer too, and no proof.
  if (answer.code === '0') return JSON.stringify(answer.data[0])
  if (kept) return kept
  throw new Early()
}

/** A file, or nothing where it cannot be had: what is missing proves nothing. */
async function found(path: string): Promise<string[]> {
  try {
    return [await textOf(path)]
  } catch {
    return []
  }
}

/** So many of them, the oldest and the newest too. */
export function spread<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all]
  const step = (all.length - 1) / (count - 1)
  return Array.from({ length: count }, (_, n) => all[Math.round(n * step)] as T)
}

/** What the exchange says today of statements that it made earlier. */
async function saidAgain(receipts: readonly Receipt[]): Promise<string[]> {
  const some = spread(receipts, ASKED_AGAIN)
  const texts = await Promise.all(some.map(({ epoch }) => found(statementPath(epoch))))
  return texts.flat()
}

/** Checks a user's own proof by itself, with its evidence, and with all that was kept. */
export async function check(
  uid: string,
  pushed: string,
  receipts: readonly Receipt[],
  balances: readonly Balance[] = [],
): Promise<Outcome> {
  const steps: Step[] = []
  const outcome: Outcome = { steps }
  try {
    outcome.proof = await proofOf(pushed, receipts)
    const statement = statementIn(outcome.proof)
    const { evidence } = statement.reserves
    const files = [outcome.proof]
    if (evidence) files.push(...(await found(evidencePath(statement))))
    if (statement.before) files.push(...(await found(statementPath(statement.before.epoch))))
    if (receipts.length || balances.length) {
      const some = spread(receipts, CHECKED)
      const again = (await saidAgain(some)).map((text) => ({ text }))
      files.push(fileOf([...some, ...again, ...balances.slice(-CHECKED)]))
    }
    // Of two statements each step is said once; the newest is one's own.
    const say = (step: Step) => steps.includes(step) || steps.push(step)
    const checked = (await checkFiles(files, '', say, Date.now())).at(-1)
    if (checked) outcome.checked = checked
    if (checked?.leaf?.account !== uid) outcome.failure = { kind: 'account' }
    // A file that came in its place shows nothing either.
    else if (evidence && !steps.includes('evidence')) outcome.failure = { kind: 'evidence' }
  } catch (problem) {
    if (problem instanceof Refused) outcome.failure = { kind: 'refused', why: problem.message }
    else outcome.failure = { kind: problem instanceof Early ? 'early' : 'offline' }
  }
  return outcome
}

/** What a new bundle contradicts of those before, in a sentence; empty where it does not. */
export async function compared(
  text: string,
  before: readonly Receipt[],
  balances: readonly Balance[] = [],
): Promise<string> {
  const now = statementIn(text).epoch
  const twins = before.filter(({ epoch }) => epoch === now)
  const some = new Set([...before.slice(-COMPARED), ...twins])
  try {
    await checkFiles([fileOf([...some, { text }, ...balances.slice(-COMPARED)])])
    return ''
  } catch (problem) {
    return problem instanceof Refused ? problem.message : ''
  }
}
