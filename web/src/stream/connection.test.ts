import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Connection, type Listener, type Push } from './connection'

/** The other end of the line, in the place of the browser's WebSocket. */
class Line {
  static readonly OPEN = 1
  static opened: Line[] = []
  readyState = 0
  sent: string[] = []
  onopen: (() => void) | null = null
  onclose: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null

  constructor(readonly url: string) {
    Line.opened.push(this)
  }

  static get last(): Line {
    return Line.opened.at(-1) as Line
  }

  accept(): void {
    this.readyState = 1
    this.onopen?.()
  }

  say(frame: object | string): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })
  }

  send(text: string): void {
    this.sent.push(text)
  }

  close(): void {
    this.readyState = 3
    this.onclose?.()
  }

  get subscribed(): string[] {
    return this.sent
      .filter((text) => text.startsWith('{'))
      .map((text) => JSON.parse(text))
      .filter((frame) => frame.op === 'subscribe')
      .flatMap((frame) => frame.args.map((arg: { channel: string }) => arg.channel))
  }
}

class Heard implements Listener {
  pushes: Push[] = []
  resets = 0
  refusals: string[] = []
  onPush = (push: Push) => this.pushes.push(push)
  onReset = () => {
    this.resets += 1
  }
  onRefused = (code: string) => this.refusals.push(code)
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', Line)
  Line.opened = []
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const TICKER = { channel: 'tickers', instId: 'BTC-USDT' }

async function live(connection: Connection): Promise<void> {
  Line.last.accept()
  await vi.advanceTimersByTimeAsync(0)
  expect(connection.state.kind).toBe('live')
}

// Criterion: WEB-STREAM-1
test('what is pushed reaches the listeners of its topic alone', async () => {
  const connection = new Connection('ws://x/public')
  const [btc, eth] = [new Heard(), new Heard()]
  connection.subscribe(TICKER, btc)
  connection.subscribe({ channel: 'tickers', instId: 'ETH-USDT' }, eth)
  await live(connection)
  expect(Line.last.subscribed).toEqual(['tickers', 'tickers'])
  Line.last.say({ arg: TICKER, data: [{ last: '1' }] })
  expect([btc.pushes.length, eth.pushes.length]).toEqual([1, 0])
})

// Criterion: WEB-STREAM-2
test('a line that drops comes back and asks for everything again', async () => {
  const connection = new Connection('ws://x/public')
  const heard = new Heard()
  connection.subscribe(TICKER, heard)
  await live(connection)
  Line.last.close()
  expect(connection.state.kind).toBe('reconnecting')
  await vi.advanceTimersByTimeAsync(300)
  expect(Line.opened.length).toBe(2)
  await live(connection)
  expect(heard.resets).toBe(2)
  expect(Line.last.subscribed).toEqual(['tickers'])
})

// Criterion: WEB-STREAM-2
test('waits grow and stay below a bound, and since is when it was live last', async () => {
  const connection = new Connection('ws://x/public')
  connection.subscribe(TICKER, new Heard())
  await live(connection)
  const lost = Date.now()
  Line.last.close()
  for (let times = 0; times < 10; times += 1) {
    await vi.advanceTimersByTimeAsync(8_000)
    Line.last.close()
  }
  expect(Line.opened.length).toBeGreaterThanOrEqual(10)
  expect(connection.state).toEqual({ kind: 'reconnecting', since: lost })
})

// Criterion: WEB-STREAM-3
test('a silent line is pinged, then given up', async () => {
  const connection = new Connection('ws://x/public')
  connection.subscribe(TICKER, new Heard())
  await live(connection)
  await vi.advanceTimersByTimeAsync(12_000)
  expect(Line.last.sent).toContain('ping')
  Line.last.say('pong')
  await vi.advanceTimersByTimeAsync(12_000)
  expect(connection.state.kind).toBe('live')
  await vi.advanceTimersByTimeAsync(8_000)
  expect(connection.state.kind).toBe('reconnecting')
})

// Criterion: WEB-STREAM-4
test('a private line logs in with a fresh token each time before it subscribes', async () => {
  let tokens = 0
  const connection = new Connection('ws://x/private', async () => `token-${++tokens}`)
  connection.subscribe({ channel: 'account' }, new Heard())
  Line.last.accept()
  await vi.advanceTimersByTimeAsync(0)
  expect(Line.last.sent).toEqual(['{"op":"login","args":[{"token":"token-1"}]}'])
  Line.last.say({ event: 'login', code: '0' })
  expect(Line.last.subscribed).toEqual(['account'])
  Line.last.close()
  await vi.advanceTimersByTimeAsync(300)
  Line.last.accept()
  await vi.advanceTimersByTimeAsync(0)
  expect(Line.last.sent[0]).toContain('token-2')
})

// Criterion: WEB-STREAM-1
test('a refused subscription is told to its listener; the last to leave unsubscribes', async () => {
  const connection = new Connection('ws://x/public')
  const heard = new Heard()
  const leave = connection.subscribe(TICKER, heard)
  await live(connection)
  Line.last.say({ event: 'error', code: '60018', msg: 'wrong', id: '1' })
  expect(heard.refusals).toEqual(['60018'])
  leave()
  await vi.advanceTimersByTimeAsync(0)
  expect(Line.last.sent.at(-1)).toContain('unsubscribe')
})

// Criterion: WEB-STREAM-1
test('who comes while it is live is told to begin, as after a new connection', async () => {
  const connection = new Connection('ws://x/public')
  connection.subscribe(TICKER, new Heard())
  await live(connection)
  const heard = new Heard()
  connection.subscribe({ channel: 'trades', instId: 'BTC-USDT' }, heard)
  await vi.advanceTimersByTimeAsync(0)
  expect(heard.resets).toBe(1)
  expect(Line.last.subscribed).toEqual(['tickers', 'trades'])
})
