import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Refusal } from './refusal'
import { Rest } from './rest'

const asked: { url: string; init: RequestInit }[] = []
let answers: Response[] = []

function answer(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status })
}

beforeEach(() => {
  asked.length = 0
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    asked.push({ url, init })
    const next = answers.shift()
    if (!next) throw new TypeError('connection refused')
    return next
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
})

// Criterion: WEB-REST-1
test('a GET leaves out what is not given', async () => {
  answers = [answer({ code: '0', msg: '', data: [{ instId: 'BTC-USDT' }] })]
  const rows = await new Rest().get('market/books', { instId: 'BTC-USDT', sz: '' })
  expect(rows).toEqual([{ instId: 'BTC-USDT' }])
  expect(asked[0]?.url).toBe('/api/v5/market/books?instId=BTC-USDT')
})

// Criterion: WEB-REST-1
test('a refused row says more than the envelope around it', async () => {
  const row = { ordId: '', sCode: '51008', sMsg: 'Order failed. Insufficient USDT balance.' }
  answers = [answer({ code: '1', msg: 'All operations failed', data: [row] })]
  const place = new Rest().post('x/cancel-all', {})
  await expect(place).rejects.toMatchObject({ code: '51008', message: row.sMsg })
})

// Criterion: WEB-REST-2
test('a stale CSRF token is asked for again once', async () => {
  answers = [
    answer({ code: '90003', msg: 'token', data: [] }, 403),
    answer({ code: '0', msg: '', data: [{ csrfToken: 'fresh' }] }),
    answer({ code: '0', msg: '', data: [] }),
  ]
  await new Rest().post('x/sign-out', {})
  const last = asked.at(-1)?.init.headers as Record<string, string>
  expect(last['X-CSRF-Token']).toBe('fresh')
})

// Criterion: WEB-REST-2
test('the end of the session is told, and refused', async () => {
  const client = new Rest()
  const ended = vi.fn()
  client.onSessionEnd(ended)
  answers = [answer({ code: '90002', msg: 'The session has ended', data: [] }, 401)]
  await expect(client.get('account/balance')).rejects.toMatchObject({ needsSignIn: true })
  expect(ended).toHaveBeenCalledOnce()
})

// Criterion: WEB-REST-3
test('no answer, and an answer that is none of ours, are passing refusals', async () => {
  answers = []
  const none = await new Rest().get('public/time').catch((problem: unknown) => problem)
  expect(none).toBeInstanceOf(Refusal)
  expect(none).toMatchObject({ isOffline: true, isPassing: true })
  answers = [new Response('<html>Bad gateway</html>', { status: 502 })]
  await expect(new Rest().get('public/time')).rejects.toMatchObject({ isPassing: true })
})

const UNPROVEN = { code: '90006', msg: 'Confirm first that it is you', data: [] }

// Criterion: WEB-ACCT-PROOF-1
test('what wants a proof is sent again once it is given, and never a third time', async () => {
  const client = new Rest()
  client.onProofNeeded(async () => true)
  answers = [answer(UNPROVEN, 403), answer({ code: '0', msg: '', data: [{ done: true }] })]
  expect(await client.post('x/totp/begin', {})).toEqual([{ done: true }])
  answers = [answer(UNPROVEN, 403), answer(UNPROVEN, 403)]
  await expect(client.post('x/totp/begin', {})).rejects.toMatchObject({ code: '90006' })
})

// Criterion: WEB-ACCT-PROOF-1
test('a proof that is not given leaves the refusal', async () => {
  const client = new Rest()
  client.onProofNeeded(async () => false)
  answers = [answer(UNPROVEN, 403)]
  await expect(client.post('x/totp/begin', {})).rejects.toMatchObject({ code: '90006' })
  expect(asked).toHaveLength(1)
})

const UNSIGNED = { code: '91025', msg: 'Your passkey is needed', data: [] }

// Criterion: WEB-OP-CONSENT-1
test('what a passkey signs is sent again with it, once; else it stays refused', async () => {
  const client = new Rest()
  const sign = vi.fn(async () => ({ ticket: 't', credential: '{}' }))
  client.onConsentNeeded(sign)
  answers = [answer(UNSIGNED, 403), answer({ code: '0', msg: '', data: [{ done: true }] })]
  expect(await client.post('x/operator/approve', { proposal: '7' })).toEqual([{ done: true }])
  expect(sign).toHaveBeenCalledExactlyOnceWith('x/operator/approve', { proposal: '7' })
  answers = [answer(UNSIGNED, 403)]
  const nobody = new Rest().post('x/operator/approve', { proposal: '7' })
  await expect(nobody).rejects.toMatchObject({ code: '91025' })
})
