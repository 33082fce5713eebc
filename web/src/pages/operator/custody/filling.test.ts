import { expect, test } from 'vitest'
import { CEREMONIES, type Ceremony } from './ceremonies'
import { filled, wordsOf } from './filling'

const found = (id: string) => CEREMONIES.find((one) => one.id === id) as Ceremony

// Criterion: WEB-OP-CEREMONY-1
test('each holder has a line to run, and what they made is put together in one', () => {
  const values = { HOLDERS: 'alice, bob', NETWORK: '3', TIER: 'cold' }
  const [sign, finish] = found('replace').steps.slice(-3, -1)
  expect(filled(sign?.command ?? '', values)).toEqual([
    'fullreserve custody sign job-3-cold.json alice --keys alice.keys --out alice.part',
    'fullreserve custody sign job-3-cold.json bob --keys bob.keys --out bob.part',
  ])
  expect(filled(finish?.command ?? '', values)).toEqual([
    'fullreserve custody finish job-3-cold.json alice.part bob.part',
  ])
})

// Criterion: WEB-OP-CEREMONY-1
test('approvers and holders of a move are told apart', () => {
  const [, approve, sign] = found('move').steps
  const values = { HOLDERS: 'ida', APPROVERS: 'eve gil' }
  expect(filled(approve?.command ?? '', values)).toHaveLength(2)
  expect(filled(sign?.command ?? '', values)).toEqual([
    'fullreserve custody sign-move policy.toml move.json ida eve.approval gil.approval ' +
      '--keys ida.keys --out ida.part',
  ])
})

// Criterion: WEB-OP-CEREMONY-1
test('what is not filled in stays a word, and what is filled in is one word of a shell', () => {
  const challenge = found('presence').steps[0]?.command ?? ''
  expect(filled(challenge, {})).toEqual(['fullreserve custody challenge QUORUM'])
  expect(filled(challenge, { QUORUM: "1; rm 'x'" })).toEqual([
    "fullreserve custody challenge '1; rm '\\''x'\\'''",
  ])
})

// Criterion: WEB-OP-CEREMONY-1
test('each ceremony asks for what its commands want, and for nothing else', () => {
  expect(CEREMONIES.map((one) => [one.id, ...wordsOf(one)])).toEqual([
    ['keys', 'HOLDERS'],
    ['replace', 'HOLDERS', 'GONE', 'NEW', 'PERSON', 'NETWORK', 'TIER'],
    ['rotate', 'HOLDERS', 'NETWORK', 'TIER'],
    ['recover', 'HOLDERS', 'NETWORK', 'TIER'],
    [
      'move',
      'HOLDERS',
      'APPROVERS',
      ...['NETWORK', 'SOURCE', 'TARGET', 'ASSET', 'AMOUNT', 'PROPOSER', 'TRANSACTION'],
    ],
    ['presence', 'HOLDERS', 'QUORUM', 'CHALLENGE', 'ANSWER'],
  ])
})
