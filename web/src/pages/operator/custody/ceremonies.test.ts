import { expect, test } from 'vitest'
import { CEREMONIES, nameOf } from './ceremonies'
import { filled, lacking, type Values, type Word } from './filling'

const VALUES: Record<Word, string> = {
  HOLDERS: 'alice, bob',
  APPROVERS: 'eve, gil',
  SIGNERS: 'ann, ben',
  COMERS: 'hal, ian',
  NAMES: 'ann, payer',
  HOLDER: 'alice',
  GONE: 'bob',
  NEW: 'dan',
  SECOND: 'eva',
  PERSON: '8',
  WHO: 'payer',
  FINGERPRINT: 'ab'.repeat(32),
  NETWORK: '3',
  NEWLANE: `0x${'c1'.repeat(20)}`,
  OLDLANE: `0x${'d2'.repeat(20)}`,
  LISTEN: '10.0.0.7:9001',
  EXCHANGE: '10.0.0.2:9200',
  TIER: 'cold',
  SOURCE: 'warm',
  TARGET: 'hot',
  ASSET: '4',
  AMOUNT: '2500000',
  PROPOSER: 'ann',
  QUORUM: '1',
  CHALLENGE: '12'.repeat(32),
  ANSWER: '34'.repeat(64),
  MOVE: '7',
  TRANSACTION: '56'.repeat(32),
}

// Criterion: WEB-OP-CEREMONY-3
test('the lines that are shown are those that the programs are tried with', async () => {
  // After a change: `npx vitest run -u ceremonies`; tests/unit/custody/test_assistant.py reads it.
  const whole = CEREMONIES.flatMap(({ id, steps }) => {
    const values: Values = { ...VALUES, ...(id === 'known' ? { WHO: 'exchange' } : {}) }
    expect(steps.flatMap(({ command }) => lacking(command, values))).toEqual([])
    return [`# ${id}`, ...steps.flatMap(({ command }) => filled(command, values))]
  })
  await expect(`${whole.join('\n')}\n`).toMatchFileSnapshot('ceremonies.lines.txt')
})

// Criterion: WEB-OP-CEREMONY-1
test('no two steps of a ceremony are ticked by one name', () => {
  for (const { id, steps } of CEREMONIES) {
    expect([id, new Set(steps.map(nameOf)).size]).toEqual([id, steps.length])
  }
})
