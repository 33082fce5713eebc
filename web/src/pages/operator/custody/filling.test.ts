import { expect, test } from 'vitest'
import { CEREMONIES, type Ceremony } from './ceremonies'
import { filled, lacking, type Values, type Word, wordsOf } from './filling'
import { faultOf } from './words'

const found = (id: string) => CEREMONIES.find((one) => one.id === id) as Ceremony

// Criterion: WEB-OP-CEREMONY-1
test('each holder has a line to run, and what they made is put together in one', () => {
  const values = { HOLDERS: 'alice, bob', NEW: 'hal', NETWORK: '3', TIER: 'cold' }
  const [sign, dryRun, finish] = found('replace').steps.slice(3)
  expect(filled(sign?.command ?? '', values)).toEqual([
    'fullreserve custody sign job-3-cold.json alice --keys alice.keys --out alice.part ' +
      '--card hal.json',
    'fullreserve custody sign job-3-cold.json bob --keys bob.keys --out bob.part --card hal.json',
  ])
  expect(filled(finish?.command ?? '', values)).toEqual([
    'fullreserve custody finish job-3-cold.json alice.part bob.part ' + '--payer payer.keys',
  ])
  expect(dryRun?.command).toBe(`${finish?.command} --dry-run`)
})

// Criterion: WEB-OP-CEREMONY-1
test('approvers and holders of a move are told apart', () => {
  const [, , , approve, sign] = found('move').steps
  const values = { HOLDERS: 'ida', APPROVERS: 'eve gil' }
  expect(filled(approve?.command ?? '', values)).toHaveLength(2)
  expect(filled(sign?.command ?? '', values)).toEqual([
    'fullreserve custody sign-move policy.toml move.json ida eve.approval gil.approval ' +
      '--keys ida.keys --out ida.part',
  ])
})

// Criterion: WEB-OP-CEREMONY-1
test('signers who stay and one who comes stand in each command that gives hot new keys', () => {
  const values = { SIGNERS: 'ann bob', NEW: 'dan', NETWORK: '3' }
  const lines = found('hot').steps.flatMap(({ command }) => filled(command, values))
  const rotate =
    'fullreserve custody rotate-hot 3 cards/ann.json cards/bob.json cards/dan.json ' +
    '--signers ann.sock bob.sock dan.sock'
  expect(lines).toEqual([
    'fullreserve custody signer-key 3 dan keys',
    'fullreserve custody signer-key 3 ann keys',
    'fullreserve custody signer-key 3 bob keys',
    'python -m fullreserve.custody.signer \'{"name": "dan", "keys": "keys/dan.keys", ' +
      '"socket": "dan.sock", "data": "."}\'',
    `${rotate} --dry-run`,
    rotate,
    'fullreserve custody hot-keys 3',
  ])
  const [dryRun, moved] = found('moveCold').steps
  expect(filled(dryRun?.command ?? '', { SIGNERS: 'ann,bob', NETWORK: '2' })).toEqual([
    `${filled(moved?.command ?? '', { SIGNERS: 'ann,bob', NETWORK: '2' })[0]} --dry-run`,
  ])
  expect(filled(moved?.command ?? '', { SIGNERS: 'ann,bob', NETWORK: '2' })).toEqual([
    'fullreserve custody move-cold 2 ann.keys bob.keys',
  ])
})

// Criterion: WEB-OP-CEREMONY-1
test('files of several people keep the folder that stands before them', () => {
  const sign = found('decided').steps[3]?.command ?? ''
  const values = { HOLDERS: 'ida', APPROVERS: 'eve, gil', MOVE: '7', PROPOSER: 'ann' }
  expect(filled(sign, values)).toEqual([
    'fullreserve custody sign-move policy.toml 7-ann.move ida ' +
      'custody-moves/7-eve.approval custody-moves/7-gil.approval ' +
      '--keys ida.keys --out custody-moves/7-ida.part',
  ])
  const renew = found('renew').steps[1]?.command ?? ''
  expect(filled(renew, { NAMES: 'ann payer' })).toEqual(['fullreserve custody renew ann payer'])
  expect(filled(renew, {})).toEqual(['fullreserve custody renew NAME'])
})

// Criterion: WEB-OP-CEREMONY-3
test('a lane is replaced by the command that leaves it, and never by hand', () => {
  const values = {
    ...{ SIGNERS: 'ann bob', NEW: 'dan', SECOND: 'eve', NETWORK: '1' },
    ...{ NEWLANE: `0x${'a1'.repeat(20)}`, OLDLANE: `0x${'b2'.repeat(20)}` },
  }
  const lines = found('lane').steps.flatMap(({ command }) => filled(command, values))
  const rotate =
    `fullreserve custody rotate-lanes 1 --add ${values.NEWLANE} --leave ${values.OLDLANE} ` +
    '--signers ann.sock bob.sock dan.sock eve.sock'
  const forget = `fullreserve custody rotate-lanes 1 --forget ${values.OLDLANE}`
  expect(lines.filter((line) => line.includes(' custody '))).toEqual([
    'fullreserve custody signer-key 1 dan keys --lane',
    'fullreserve custody signer-key 1 eve keys --of keys/dan.keys',
    `${rotate} --dry-run`,
    rotate,
    'fullreserve custody hot-keys 1',
    `${forget} --dry-run`,
    forget,
  ])
})

// Criterion: WEB-OP-CEREMONY-2
test('what is not filled in, or may not be run, stays a word and is named', () => {
  const challenge = found('presence').steps[0]?.command ?? ''
  expect(filled(challenge, {})).toEqual(['fullreserve custody challenge QUORUM'])
  expect(filled(challenge, { QUORUM: "1; rm 'x'" })).toEqual([
    'fullreserve custody challenge QUORUM',
  ])
  expect(lacking(challenge, { QUORUM: '1; rm' })).toEqual(['QUORUM'])
  expect(lacking(challenge, { QUORUM: '1' })).toEqual([])
  const card = found('keys').steps[0]?.command ?? ''
  expect(filled(card, { HOLDERS: 'alice, b;rm -rf /' })).toEqual([
    'fullreserve custody holder-key NAME cards',
  ])
  expect(lacking(card, {})).toEqual(['HOLDERS'])
  expect(filled('', {})).toEqual([])
})

// Criterion: WEB-OP-CEREMONY-2
test('names, numbers, digits and tiers are refused in words', () => {
  const fault = (word: Word, text: string, others: Values = {}) =>
    faultOf(word, { ...others, [word]: text })
  expect(['', 'alice', 'Alice', '-a', 'a b', 'x'.repeat(33)].map((n) => fault('GONE', n))).toEqual([
    undefined,
    undefined,
    ...Array(4).fill('op.fault.name'),
  ])
  expect(fault('HOLDERS', 'alice, bob')).toBeUndefined()
  expect(fault('HOLDERS', 'alice, alice')).toBe('op.fault.twice')
  expect(fault('HOLDERS', 'alice, -rf')).toBe('op.fault.name')
  expect(fault('NEW', 'ann', { SIGNERS: 'ann bob' })).toBe('op.fault.taken')
  expect(fault('NEW', 'ann', { GONE: 'ann' })).toBe('op.fault.taken')
  expect(fault('NEW', 'ann', { SIGNERS: 'bob', GONE: 'eve' })).toBeUndefined()
  expect(fault('SECOND', 'dan', { NEW: 'dan' })).toBe('op.fault.taken')
  const lane = `0x${'aB'.repeat(20)}`
  expect([fault('NEWLANE', lane), fault('NEWLANE', lane.slice(2))]).toEqual([undefined, undefined])
  expect(fault('NEWLANE', lane.slice(0, -1))).toBe('op.fault.account')
  expect(fault('OLDLANE', lane.slice(2).toLowerCase(), { NEWLANE: lane })).toBe('op.fault.sameLane')
  expect(['10.0.0.7:9001', '10.0.0.7', 'a b:1'].map((n) => fault('LISTEN', n))).toEqual([
    undefined,
    ...Array(2).fill('op.fault.place'),
  ])
  expect(['3', '0', '1.5', 'one'].map((n) => fault('NETWORK', n))).toEqual([
    undefined,
    ...Array(3).fill('op.fault.number'),
  ])
  expect([`0x${'ab'.repeat(32)}`, 'xyz'].map((n) => fault('TRANSACTION', n))).toEqual([
    undefined,
    'op.fault.hex',
  ])
  expect([fault('TIER', 'cold'), fault('SOURCE', 'hot')]).toEqual([undefined, undefined])
  // Hot's keys are no holders': `charge-tier` and `deploy-safe` take no such tier.
  expect([fault('TIER', 'hot'), fault('WHO', 'ann')]).toEqual(Array(2).fill('op.fault.choice'))
  expect(fault('TARGET', 'hot', { SOURCE: 'hot' })).toBe('op.fault.sameTier')
})

// Criterion: WEB-OP-CEREMONY-1
test('each ceremony asks for what its commands want, and for nothing else', () => {
  expect(CEREMONIES.map((one) => [one.id, ...wordsOf(one)])).toEqual([
    ['keys', 'HOLDERS'],
    ['take', 'HOLDERS', 'COMERS', 'WHO', 'FINGERPRINT'],
    ['replace', 'HOLDERS', 'GONE', 'NEW', 'PERSON', 'NETWORK', 'TIER', 'TRANSACTION'],
    ['rotate', 'HOLDERS', 'COMERS', 'NETWORK', 'TIER', 'TRANSACTION'],
    ['gather', 'HOLDERS', 'NETWORK', 'TIER', 'TRANSACTION'],
    ['recover', 'HOLDERS', 'COMERS', 'NETWORK', 'TIER', 'TRANSACTION'],
    ['safe', 'HOLDERS', 'NETWORK', 'TIER'],
    ['presence', 'HOLDER', 'QUORUM', 'CHALLENGE', 'ANSWER'],
    ['hot', 'SIGNERS', 'NEW', 'NETWORK'],
    ['branch', 'SIGNERS', 'NEW', 'SECOND', 'NETWORK'],
    ['lane', 'SIGNERS', 'NEW', 'SECOND', 'NETWORK', 'NEWLANE', 'OLDLANE'],
    ['elsewhere', 'NEW', 'NETWORK', 'LISTEN', 'EXCHANGE'],
    ['known', 'HOLDERS', 'WHO', 'FINGERPRINT'],
    ['renew', 'HOLDERS', 'NAMES'],
    [
      'move',
      'HOLDERS',
      'APPROVERS',
      ...['NETWORK', 'SOURCE', 'TARGET', 'ASSET', 'AMOUNT', 'PROPOSER', 'TRANSACTION'],
    ],
    ['decided', 'HOLDERS', 'APPROVERS', 'PROPOSER', 'MOVE'],
    ['end', 'MOVE'],
    ['moveCold', 'SIGNERS', 'NETWORK', 'TRANSACTION'],
  ])
})
