/** What the exchange, or the way to it, said no with. */
export class Refusal extends Error {
  constructor(
    /** A code of the exchange; '' where no answer came. */
    readonly code: string,
    message: string,
    /** HTTP status; 0 where no answer came. */
    readonly status: number,
  ) {
    super(message)
    this.name = 'Refusal'
  }

  get isOffline(): boolean {
    return this.status === 0
  }

  /** Whether the same request may succeed a little later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }

  get needsSignIn(): boolean {
    return this.code === SESSION_ENDED || this.code === KEY_MISSING
  }
}

export const SESSION_ENDED = '90002'
export const CSRF_STALE = '90003'
export const PROOF_NEEDED = '90006'
export const CONSENT_NEEDED = '91025'
export const KEY_MISSING = '50103'
