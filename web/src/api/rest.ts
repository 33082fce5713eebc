import type { Endpoints } from './endpoints'
import { CONSENT_NEEDED, CSRF_STALE, PROOF_NEEDED, Refusal } from './refusal'

type Method<M extends string> = Extract<keyof Endpoints, `${M} ${string}`>
export type GetName = Method<'GET'> extends `GET ${infer P}` ? P : never
export type PostName = Method<'POST'> extends `POST ${infer P}` ? P : never
export type GetParams<P extends GetName> = Endpoints[`GET ${P}` & keyof Endpoints]
type PostParams<P extends PostName> = Endpoints[`POST ${P}` & keyof Endpoints]

interface Envelope {
  code: string
  msg: string
  data: unknown
}

/** A row of an answer on orders: 'sCode' is the row's own code, '0' when it was done. */
interface OrderRow {
  sCode?: string
  sMsg?: string
}

/** A passkey's signature of one request, which goes with it. */
export interface Consent {
  ticket: string
  credential: string
}

type Consenting = (path: string, params: object) => Promise<Consent | undefined>

const API = '/api/v5/'
const TIMEOUT_MS = 15_000

/** Speaks to the exchange; knows the session's CSRF token and tells when the session ended. */
export class Rest {
  #csrf = ''
  #ended: () => void = () => {}
  #prove: () => Promise<boolean> = async () => false
  #consent: Consenting = async () => undefined

  /** Whom to tell that the session is over. */
  onSessionEnd(listener: () => void): void {
    this.#ended = listener
  }

  /** Who asks the person to prove who they are; true when they did. */
  onProofNeeded(ask: () => Promise<boolean>): void {
    this.#prove = ask
  }

  /** Who has the person's passkey sign a request. */
  onConsentNeeded(ask: Consenting): void {
    this.#consent = ask
  }

  set csrfToken(token: string) {
    this.#csrf = token
  }

  /** The rows of a GET; Refusal. */
  async get<T, P extends GetName = GetName>(
    path: P,
    params?: GetParams<P>,
    signal?: AbortSignal,
  ): Promise<T[]> {
    const query = queryOf(params ?? {})
    const answer = await this.#send(`${API}${path}${query}`, { method: 'GET' }, signal)
    return answer.data as T[]
  }

  /**
   * The rows of a POST; a Refusal also where the only row was refused. What a fresh token or a
   * fresh proof of who asks can cure is sent again, once for each; so is what a passkey signs.
   */
  async post<T, P extends PostName = PostName>(path: P, params: PostParams<P>): Promise<T[]> {
    const cured = new Set<string>()
    let signed: Consent | undefined
    for (;;) {
      try {
        return await this.#post<T>(path, { ...params, ...signed })
      } catch (problem) {
        if (!(problem instanceof Refusal) || cured.has(problem.code)) throw problem
        cured.add(problem.code)
        if (problem.code === CONSENT_NEEDED) signed = await this.#consent(path, params)
        if (signed && problem.code === CONSENT_NEEDED) continue
        if (!(await this.#cure(problem.code))) throw problem
      }
    }
  }

  async #cure(code: string): Promise<boolean> {
    if (code === PROOF_NEEDED) return this.#prove()
    if (code !== CSRF_STALE) return false
    // The token is of an older session of this browser: another tab signed in.
    const [session] = await this.get<{ csrfToken: string }, 'x/session'>('x/session')
    this.#csrf = session?.csrfToken ?? ''
    return true
  }

  async #post<T>(path: string, params: unknown): Promise<T[]> {
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': this.#csrf }
    const body = JSON.stringify(params)
    const answer = await this.#send(`${API}${path}`, { method: 'POST', headers, body })
    return answer.data as T[]
  }

  async #send(url: string, init: RequestInit, signal?: AbortSignal): Promise<Envelope> {
    const limit = AbortSignal.timeout(TIMEOUT_MS)
    const both = signal ? AbortSignal.any([signal, limit]) : limit
    let response: Response
    try {
      response = await fetch(url, { ...init, signal: both, credentials: 'same-origin' })
    } catch (problem) {
      if (signal?.aborted) throw problem
      throw new Refusal('', 'no answer', 0)
    }
    const envelope = await envelopeOf(response)
    if (envelope.code !== '0') {
      const refusal = refusalOf(envelope, response.status)
      if (refusal.needsSignIn) this.#ended()
      throw refusal
    }
    return envelope
  }
}

async function envelopeOf(response: Response): Promise<Envelope> {
  try {
    return (await response.json()) as Envelope
  } catch {
    // A proxy in front of an exchange that is down answers in its own words.
    const isTold = response.status === 429 || response.status >= 500
    throw new Refusal('', response.statusText, isTold ? response.status : 502)
  }
}

/** Of a batch the first refused row says more than the batch's own code. */
function refusalOf(envelope: Envelope, status: number): Refusal {
  const rows = (Array.isArray(envelope.data) ? envelope.data : []) as OrderRow[]
  const row = rows.find((each) => each.sCode !== undefined && each.sCode !== '0')
  return row?.sCode
    ? new Refusal(row.sCode, row.sMsg ?? envelope.msg, status)
    : new Refusal(envelope.code, envelope.msg, status)
}

function queryOf(params: object): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== '') query.set(name, String(value))
  }
  return query.size > 0 ? `?${query}` : ''
}

export const rest = new Rest()
