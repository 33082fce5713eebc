import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkFiles } from '~/reserves/verifier'
import {
  contractsIn,
  coverIn,
  dateOf,
  faultIn,
  lowestByAsset,
  oldest,
  owedOwn,
  restsOnLeaving,
  type Statement,
  spreadIn,
} from './published'

interface Vector {
  name: string
  files: string[]
  verdict: string
}

const VECTORS = new URL('../../../../verifier/vectors.json', import.meta.url)
const all = JSON.parse(readFileSync(VECTORS, 'utf8')) as Vector[]

const parsed = (file: string) => JSON.parse(file) as { statement?: Statement }

/** The vectors of one statement, with what both verifiers have to say of it. */
const alone = all.flatMap(({ name, files, verdict }) => {
  const statement = files.length === 1 ? parsed(files[0] ?? '').statement : undefined
  return statement ? [{ name, statement, verdict }] : []
})

/** Refusals that a statement's own words are enough for. */
const BY_ITSELF = new RegExp(
  [
    'do not cover|too much of|own token (is counted|now)|is said to be more|too old',
    'too long before|expires|names a token|on when',
  ].join('|'),
)

// Criterion: POR-RESERVES-5, POR-PAGE-7
test('the page judges a statement as the verifiers do, word by word', () => {
  const refused = alone.filter(({ verdict }) => BY_ITSELF.test(verdict))
  expect(refused.length).toBeGreaterThan(15)
  for (const { name, statement, verdict } of refused) {
    expect(faultIn(statement), name).toBe(verdict)
  }
  const holding = alone.filter(({ verdict }) => verdict === '')
  expect(holding.length).toBeGreaterThan(8)
  for (const { name, statement } of holding) expect(faultIn(statement), name).toBe('')
})

// Criterion: POR-RESERVES-5
test.each([
  'large payments: a day was not looked at before',
  'large payments: a gap before',
  'large payments: not known whether the day before was looked at',
])('what was there before is believed only of a day without gaps: %s', (name) => {
  const { statement } = alone.find((one) => one.name === name) ?? {}
  const lack = statement && coverIn(statement).get('BTC')?.lack
  expect(lack).toMatch(/too much of/)
})

const named = (name: string) => {
  const found = alone.find((one) => one.name === name)?.statement
  if (!found) throw new Error(`no vector "${name}"`)
  return found
}

// Criterion: POR-RESERVES-4
test('what is covered with payments on their way is told apart', () => {
  const away = coverIn(named('large payments: the statement alone')).get('BTC')
  expect(away && restsOnLeaving(away)).toBe(true)
  const there = coverIn(named('an honest bundle')).get('BTC')
  expect(there && restsOnLeaving(there)).toBe(false)
})

// Criterion: POR-PIT-15
test("the exchange's own token covers nothing, and makes nothing else red", () => {
  const statement = named('an own token is owed, and covered by nothing')
  expect(faultIn(statement)).toBe('')
  expect(owedOwn(statement)).toEqual({ bare: ['USDT'], inKind: [] })
  expect(owedOwn(named('an honest bundle'))).toEqual({ bare: [], inKind: [] })
  const inKind = named('an own token in kind')
  expect(owedOwn(inKind)).toEqual({ bare: [], inKind: ['USDT'] })
  expect(faultIn(inKind)).toBe('')
  expect(faultIn(named('an own token in kind lacks a unit'))).toContain('do not cover')
})

// Criterion: POR-PIT-17
test('what counted before is red once it is called an own token', async () => {
  const vector = all.find(({ name }) => name === 'a reclassified token: users are owed it')
  const { statement } = parsed(vector?.files[0] ?? '{}')
  const asset = statement && coverIn(statement).get('USDT')
  expect(asset?.reclassified).toBe(1)
  expect(asset?.lack).toBe(vector?.verdict)
  await expect(checkFiles(vector?.files ?? [])).rejects.toThrow(vector?.verdict)
})

// Criterion: POR-PIT-18, POR-STATE-20
test('contracts are told, and in what time all chains were read', () => {
  const statement = named('version 4')
  expect(contractsIn(statement).map(({ symbol, chain }) => `${symbol} on ${chain}`)).toEqual([
    'USDT on ERC20',
    'BTC on ERC20',
  ])
  expect(contractsIn(named('an honest bundle'))).toEqual([])
  const { reserves } = statement
  expect(spreadIn(statement)).toBe(null)
  const two = [reserves.chains[0], reserves.chains[0]] as typeof reserves.chains
  expect(spreadIn({ ...statement, reserves: { ...reserves, chains: two } })).toBe(500)
})

// Criterion: POR-PIT-19
test('what is dated ahead of the clock is no statement of now', () => {
  const statement = named('version 4')
  const { ts, expires } = statement
  expect(dateOf(statement, ts)).toBe('now')
  expect(dateOf(statement, expires)).toBe('now')
  expect(dateOf(statement, expires + 1)).toBe('old')
  expect(dateOf(statement, ts - 7_200_000)).toBe('now')
  expect(dateOf(statement, ts - 7_200_001)).toBe('ahead')
})

// Criterion: POR-STATE-9, POR-STATE-10
test('old blocks are refused by the page too, old signatures are told', () => {
  expect(faultIn(named('a block of long ago, by the statement alone'))).toMatch(
    /made too long before/,
  )
  const statement = named('an honest bundle')
  expect(oldest(statement).isSignedLately).toBe(true)
  const [chain] = statement.reserves.chains
  if (!chain) throw new Error('no chain')
  const hours = (count: number) => statement.ts - count * 3_600_000
  const aged = [{ ...chain, time: hours(1), signed: hours(13) }, chain]
  const found = oldest({ ...statement, reserves: { ...statement.reserves, chains: aged } })
  expect(found).toEqual({ signed: hours(13), block: hours(1), isSignedLately: false })
})

test('what cannot be read is red', () => {
  const broken = { ...named('an honest bundle'), assets: [{}] } as unknown as Statement
  expect(faultIn(broken)).not.toBe('')
  expect(coverIn(broken).size).toBe(0)
})

test('the lowest ratio of each asset is its own, and an asset that nobody is owed has none', () => {
  const ratios = [
    { BTC: '1.2000', USDT: '9.0000', OWN: '' },
    { USDT: '3.0000', BTC: '1.5000' },
  ]
  const points = ratios.map((each, ts) => ({
    ts,
    epoch: ts + 1,
    ratios: each as Record<string, string>,
  }))
  expect(lowestByAsset(points)).toEqual([
    ['BTC', 1.2],
    ['USDT', 3],
  ])
  expect(lowestByAsset([])).toEqual([])
})
