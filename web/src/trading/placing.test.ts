import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Placement, Placing } from './placing'

const ORDER: Placement = { instId: 'BTC-USDT', side: 'buy', ordType: 'limit', sz: '1', px: '100' }
const DONE = { code: '0', msg: '', data: [{ ordId: '7', clOrdId: 'x', sCode: '0' }] }

let bodies: Record<string, string>[] = []
let answers: (object | null)[] = []

beforeEach(() => {
  bodies = []
  vi.stubGlobal('fetch', async (_url: string, init: RequestInit) => {
    bodies.push(JSON.parse(String(init.body)))
    const answer = answers.shift()
    if (!answer) throw new TypeError('connection lost')
    return new Response(JSON.stringify(answer))
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
})

// Criterion: WEB-PLACE-1
test('a double click places one order', async () => {
  answers = [DONE, DONE]
  const placing = new Placing()
  const both = await Promise.all([placing.place(ORDER), placing.place(ORDER)])
  expect(both.map((row) => row?.ordId)).toEqual(['7', undefined])
  expect(bodies.length).toBe(1)
})

// Criterion: WEB-PLACE-1
test('an order whose answer was lost is repeated under its own id', async () => {
  answers = [null, { code: '1', msg: '', data: [{ sCode: '51016', sMsg: 'Duplicate' }] }]
  const placing = new Placing()
  await expect(placing.place(ORDER)).rejects.toMatchObject({ isOffline: true })
  expect(await placing.place(ORDER)).not.toBeNull()
  expect(bodies[1]?.clOrdId).toBe(bodies[0]?.clOrdId)
})

// Criterion: WEB-PLACE-1
test('another order, and one after a refusal, has an id of its own', async () => {
  const refused = { code: '1', msg: '', data: [{ sCode: '51008', sMsg: 'Insufficient' }] }
  answers = [null, DONE, refused, DONE]
  const placing = new Placing()
  await placing.place(ORDER).catch(() => {})
  await placing.place({ ...ORDER, px: '101' })
  await placing.place(ORDER).catch(() => {})
  await placing.place(ORDER)
  expect(new Set(bodies.map(({ clOrdId }) => clOrdId)).size).toBe(4)
  expect(bodies[0]?.clOrdId).toMatch(/^[a-z0-9]{1,32}$/)
})

// Criterion: WEB-PLACE-2
test('a market order says what its size is in, and has no price', async () => {
  answers = [DONE]
  await new Placing().place({ ...ORDER, ordType: 'market', inQuote: true })
  expect(bodies[0]).toMatchObject({ ordType: 'market', tgtCcy: 'quote_ccy', tdMode: 'cash' })
  expect(bodies[0]).not.toHaveProperty('px')
})
