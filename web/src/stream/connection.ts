/** What is subscribed to: a channel and what narrows it. */
export interface Topic {
  channel: string
  instId?: string
  instType?: string
  ccy?: string
}

/** A message of a channel; `action` where a channel has snapshots and updates. */
export interface Push<T = unknown> {
  arg: Topic
  action?: 'snapshot' | 'update'
  data: T[]
}

export interface Listener {
  onPush(push: Push): void
  /** What was shown before is of an older connection; a snapshot follows. */
  onReset?(): void
  /** The exchange said no to the subscription. */
  onRefused?(code: string, message: string): void
}

export type LinkState =
  | { kind: 'idle' }
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** `since` is when it was live last, in ms; 0 if it never was. */
  | { kind: 'reconnecting'; since: number }

/** Gives a one-time token for the log-in; throws where there is no session. */
export type TokenSource = () => Promise<string>

interface Frame {
  event?: string
  id?: string
  code?: string
  msg?: string
  arg?: Topic
  data?: unknown[]
}

const SILENCE_MS = 12_000
const PATIENCE_MS = 8_000
const WAIT_FIRST_MS = 250
const WAIT_MOST_MS = 8_000
// A request may be 64 KB; forty arguments are far below.
const TOPICS_AT_ONCE = 40

/**
 * One WebSocket that stays: it pings, comes back by itself with longer and longer waits, and
 * subscribes again to what is listened to. It connects at the first subscription.
 */
export class Connection {
  state: LinkState = { kind: 'idle' }
  #socket: WebSocket | null = null
  #topics = new Map<string, { topic: Topic; listeners: Set<Listener> }>()
  #watchers = new Set<() => void>()
  #quiet: ReturnType<typeof setTimeout> | undefined
  #again: ReturnType<typeof setTimeout> | undefined
  #pending = new Set<string>()
  #gone = new Map<string, Topic>()
  /** Topics by the id of the request that asks for them. */
  #asked = new Map<string, string[]>()
  #flushing = false
  #attempts = 0
  #requests = 0
  #lastLive = 0

  constructor(
    private readonly url: string,
    private readonly token: TokenSource | null = null,
  ) {}

  /** Calls at each change of `state`; returns how to end that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Listens to a topic, subscribing with the first listener; returns how to end it. */
  subscribe(topic: Topic, listener: Listener): () => void {
    const name = nameOf(topic)
    let entry = this.#topics.get(name)
    if (!entry) {
      entry = { topic, listeners: new Set() }
      this.#topics.set(name, entry)
      this.#ask(name)
    } else {
      // Channels say all at the subscription only: it is asked for again for the newcomer.
      this.#renew(name)
    }
    entry.listeners.add(listener)
    if (this.state.kind === 'live') queueMicrotask(() => listener.onReset?.())
    if (!this.#socket && this.#again === undefined) this.#open()
    return () => this.#leave(name, listener)
  }

  /** Asks for a topic's snapshot once more, as after a gap. */
  resync(topic: Topic): void {
    this.#renew(nameOf(topic))
  }

  /** Tries now instead of after the wait, as when the network is back. */
  hurry(): void {
    if (this.#again === undefined) return
    clearTimeout(this.#again)
    this.#open()
  }

  /** Connects again after `close`, for who still listens. */
  wake(): void {
    if (!this.#socket && this.#again === undefined && this.#topics.size > 0) this.#open()
  }

  /** Ends it; a later subscription opens it anew. */
  close(): void {
    clearTimeout(this.#again)
    clearTimeout(this.#quiet)
    this.#again = undefined
    const socket = this.#socket
    this.#socket = null
    socket?.close()
    this.#become({ kind: 'idle' })
  }

  #leave(name: string, listener: Listener): void {
    const entry = this.#topics.get(name)
    if (!entry?.listeners.delete(listener) || entry.listeners.size > 0) return
    this.#topics.delete(name)
    // One that was never asked for need not be taken back.
    if (!this.#pending.delete(name)) this.#gone.set(name, entry.topic)
    this.#soon()
  }

  #renew(name: string): void {
    const entry = this.#topics.get(name)
    if (!entry) return
    if (!this.#pending.has(name)) this.#gone.set(name, entry.topic)
    for (const listener of entry.listeners) listener.onReset?.()
    this.#ask(name)
  }

  #ask(name: string): void {
    this.#pending.add(name)
    this.#soon()
  }

  /** Topics of one turn go out together: requests are counted, and a page needs a dozen. */
  #soon(): void {
    if (this.#flushing) return
    this.#flushing = true
    queueMicrotask(() => {
      this.#flushing = false
      if (this.state.kind === 'live') this.#flush()
    })
  }

  #flush(): void {
    if (this.#gone.size > 0) this.#send({ op: 'unsubscribe', args: [...this.#gone.values()] })
    this.#gone.clear()
    const names = [...this.#pending].filter((name) => this.#topics.has(name))
    this.#pending.clear()
    for (let at = 0; at < names.length; at += TOPICS_AT_ONCE) {
      this.#subscribe(names.slice(at, at + TOPICS_AT_ONCE))
    }
  }

  #subscribe(names: string[]): void {
    this.#requests += 1
    const id = String(this.#requests)
    this.#asked.set(id, names)
    const args = names.flatMap((name) => this.#topics.get(name)?.topic ?? [])
    if (args.length > 0) this.#send({ id, op: 'subscribe', args })
  }

  #open(): void {
    this.#again = undefined
    if (this.state.kind !== 'reconnecting') this.#become({ kind: 'connecting' })
    const socket = new WebSocket(this.url)
    this.#socket = socket
    socket.onopen = () => void this.#opened(socket)
    socket.onmessage = (event) => this.#received(socket, String(event.data))
    socket.onclose = () => this.#closed(socket)
    this.#listen(socket)
  }

  async #opened(socket: WebSocket): Promise<void> {
    if (!this.token) {
      this.#begin(socket)
      return
    }
    try {
      const token = await this.token()
      if (socket === this.#socket) this.#send({ op: 'login', args: [{ token }] })
    } catch {
      // Nobody is signed in, or the exchange is not there: both are tried again.
      socket.close()
    }
  }

  #begin(socket: WebSocket): void {
    if (socket !== this.#socket) return
    this.#attempts = 0
    this.#gone.clear()
    this.#asked.clear()
    this.#become({ kind: 'live' })
    for (const [name, { listeners }] of this.#topics) {
      for (const listener of listeners) listener.onReset?.()
      this.#pending.add(name)
    }
    this.#flush()
  }

  #received(socket: WebSocket, text: string): void {
    if (socket !== this.#socket) return
    this.#listen(socket)
    if (text === 'pong') return
    const frame = JSON.parse(text) as Frame
    if (frame.event === 'login') {
      this.#begin(socket)
    } else if (frame.event === 'error') {
      this.#refused(socket, frame)
    } else if (frame.arg && frame.data) {
      const entry = this.#topics.get(nameOf(frame.arg))
      if (entry) for (const listener of entry.listeners) listener.onPush(frame as Push)
    }
  }

  #refused(socket: WebSocket, frame: Frame): void {
    const names = this.#asked.get(frame.id ?? '')
    if (!names) {
      if (this.token && this.state.kind !== 'live') socket.close()
      return
    }
    this.#asked.delete(frame.id ?? '')
    if (names.length > 1) {
      // Which of them it was is not said: each is asked for by itself.
      for (const name of names) this.#subscribe([name])
      return
    }
    for (const listener of this.#topics.get(names[0] ?? '')?.listeners ?? []) {
      listener.onRefused?.(frame.code ?? '', frame.msg ?? '')
    }
  }

  /** Every frame starts the wait anew; then a ping, then the line counts as dead. */
  #listen(socket: WebSocket): void {
    clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => {
      if (socket.readyState === WebSocket.OPEN) socket.send('ping')
      this.#quiet = setTimeout(() => this.#drop(socket), PATIENCE_MS)
    }, SILENCE_MS)
  }

  /** A dead line's close may take minutes to be told; it is given up at once. */
  #drop(socket: WebSocket): void {
    socket.onclose = null
    socket.close()
    this.#closed(socket)
  }

  #closed(socket: WebSocket): void {
    if (socket !== this.#socket) return
    clearTimeout(this.#quiet)
    this.#socket = null
    if (this.state.kind === 'live') this.#lastLive = Date.now()
    this.#become({ kind: 'reconnecting', since: this.#lastLive })
    const most = Math.min(WAIT_MOST_MS, WAIT_FIRST_MS * 2 ** this.#attempts)
    this.#attempts += 1
    // Spread, so that a restart is not met by everybody in the same instant.
    this.#again = setTimeout(() => this.#open(), most * (0.5 + Math.random() / 2))
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #become(state: LinkState): void {
    this.state = state
    for (const watcher of this.#watchers) watcher()
  }
}

function nameOf({ channel, instId, instType, ccy }: Topic): string {
  return `${channel}|${instId ?? ''}|${instType ?? ''}|${ccy ?? ''}`
}
