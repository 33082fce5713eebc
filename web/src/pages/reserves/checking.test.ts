import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { checkFiles } from '~/reserves/verifier'
import { check } from './checking'
import { evidencePath, PROOF } from './published'

const VECTORS = new URL('../../../../verifier/vectors.json', import.meta.url)
const all = JSON.parse(readFileSync(VECTORS, 'utf8')) as { name: string; files: string[] }[]
const [BUNDLE = '', EVIDENCE = ''] =
  all.find(({ name }) => name === 'reserves are shown')?.files ?? []
const { statement, proof } = JSON.parse(BUNDLE)
const PLACE = evidencePath(statement)

let published: Record<string, string> = {}
let asked: string[] = []

beforeEach(() => {
  asked = []
  published = {
    [PROOF]: `{"code":"0","msg":"","data":[${BUNDLE}]}`,
    [PLACE]: EVIDENCE,
  }
  vi.spyOn(Date, 'now').mockReturnValue(statement.expires)
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    const text = published[path]
    return text === undefined ? new Response('', { status: 404 }) : new Response(text)
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

// Criterion: POR-PAGE-5
test('a proof that was pushed holds with its evidence, and nothing else is asked for', async () => {
  const { steps, failure } = await check(proof.account, BUNDLE, [])
  expect(failure).toBeUndefined()
  expect(steps).toEqual(['signature', 'log', 'totals', 'leaf', 'evidence'])
  expect(asked).toEqual([PLACE])
})

// Criterion: POR-PAGE-5
test.each([undefined, '{"receipts":[]}'])(
  'without evidence nothing is said to hold',
  async (text) => {
    published = text ? { [PLACE]: text } : {}
    const { steps, failure } = await check(proof.account, BUNDLE, [])
    expect(failure).toEqual({ kind: 'evidence' })
    expect(steps).toContain('leaf')
  },
)

// Criterion: POR-PAGE-3
test('a proof that was pushed too long ago is asked for anew', async () => {
  vi.spyOn(Date, 'now').mockReturnValue(statement.expires + 1)
  const { failure } = await check(proof.account, BUNDLE, [])
  expect(asked[0]).toBe(PROOF)
  expect(failure).toBeUndefined()
})

// Criterion: POR-PIT-9
test.each([
  ['a receipt and the leaf of the same place', true],
  ['a receipt of another account', false],
])('what was not compared is not told to be the same: %s', async (name, isTold) => {
  const files = all.find((one) => one.name === name)?.files ?? []
  const steps: string[] = []
  await checkFiles(files, '', (step) => steps.push(step))
  expect(steps.includes('receipts')).toBe(isTold)
})
