/**
 * Proofs that this browser was given and keeps: evidence for later. A new statement is compared
 * with them, so that an exchange that tells another story than before is caught.
 */

const DATABASE = 'fullreserve.reserves'
const STORE = 'receipts'
/** Signed balances, as they were pushed between statements. */
const BALANCES = 'balances'
const BALANCES_MAX = 200
const HOUR_MS = 3_600_000
/** The newest are all kept; then one an hour for a day, then one a day. */
const NEWEST = 20

export interface Receipt {
  uid: string
  epoch: number
  ts: number
  /** Of the statement: two of one epoch are both kept, they are the proof of a lie. */
  signature: string
  /** The bundle, as JSON. */
  text: string
}

/** Where receipts are; undefined where a browser keeps nothing, as in some private windows. */
type Place = IDBDatabase | undefined

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

async function opened(): Promise<Place> {
  try {
    const request = indexedDB.open(DATABASE, 2)
    request.onupgradeneeded = ({ oldVersion }) => {
      const { result } = request
      if (oldVersion < 1)
        result.createObjectStore(STORE, { keyPath: ['uid', 'epoch', 'signature'] })
      result.createObjectStore(BALANCES, { keyPath: ['uid', 'sequence', 'signature'] })
    }
    return await done(request)
  } catch {
    return undefined
  }
}

const range = (uid: string) => IDBKeyRange.bound([uid], [uid, []])

/** An account's, the oldest first. */
export async function receiptsOf(uid: string): Promise<Receipt[]> {
  const place = await opened()
  if (!place) return []
  try {
    return await done(place.transaction(STORE).objectStore(STORE).getAll(range(uid)))
  } finally {
    place.close()
  }
}

/** The account that was given the newest of all proofs that are kept; '' where none is. */
export async function accountKept(): Promise<string> {
  const place = await opened()
  if (!place) return ''
  try {
    const all: Receipt[] = await done(place.transaction(STORE).objectStore(STORE).getAll())
    return all.reduce<Partial<Receipt>>((a, b) => (b.ts > (a.ts ?? 0) ? b : a), {}).uid ?? ''
  } finally {
    place.close()
  }
}

/** Keeps one more and lets go of what is not needed any more. */
export async function keep(receipt: Receipt, now: number): Promise<void> {
  const place = await opened()
  if (!place) return
  try {
    const store = place.transaction(STORE, 'readwrite').objectStore(STORE)
    await done(store.put(receipt))
    const all: Receipt[] = await done(store.getAll(range(receipt.uid)))
    for (const { uid, epoch, signature } of superfluous(all, now)) {
      await done(store.delete([uid, epoch, signature]))
    }
  } finally {
    place.close()
  }
}

/** Those that may go: `receipts` are the oldest first, and the first of each hour or day stays. */
export function superfluous(receipts: readonly Receipt[], now: number): Receipt[] {
  const seen = new Set<string>()
  return receipts.slice(0, -NEWEST).filter(({ ts, epoch }, place) => {
    const span = now - ts < 24 * HOUR_MS ? HOUR_MS : 24 * HOUR_MS
    const name = `${span} ${Math.floor(ts / span)}`
    const isTwin = receipts.some((one, other) => other !== place && one.epoch === epoch)
    if (isTwin || !seen.has(name)) {
      seen.add(name)
      return false
    }
    return true
  })
}

interface Bundle {
  statement: { epoch: number; ts: number }
  signature: string
}

/** What a bundle is kept as; an error for what is none. */
export function receiptOf(uid: string, text: string): Receipt {
  const { statement, signature } = JSON.parse(text) as Bundle
  return { uid, epoch: statement.epoch, ts: statement.ts, signature, text }
}

/** A signed balance of an account at a place of the exchange's journal. */
export interface Balance {
  uid: string
  sequence: number
  signature: string
  /** The receipt, as JSON. */
  text: string
}

/** What a pushed receipt is kept as; an error for what is none. */
export function balanceOf(uid: string, text: string): Balance {
  const made = JSON.parse(text) as { receipt: { sequence: number }; signature: string }
  return { uid, sequence: made.receipt.sequence, signature: made.signature, text }
}

/** An account's, the oldest first. */
export async function balancesOf(uid: string): Promise<Balance[]> {
  const place = await opened()
  if (!place) return []
  try {
    return await done(place.transaction(BALANCES).objectStore(BALANCES).getAll(range(uid)))
  } finally {
    place.close()
  }
}

/** Keeps one more, and of all the newest. */
export async function keepBalance(balance: Balance): Promise<void> {
  const place = await opened()
  if (!place) return
  try {
    const store = place.transaction(BALANCES, 'readwrite').objectStore(BALANCES)
    await done(store.put(balance))
    const all: Balance[] = await done(store.getAll(range(balance.uid)))
    for (const { uid, sequence, signature } of all.slice(0, -BALANCES_MAX)) {
      await done(store.delete([uid, sequence, signature]))
    }
  } finally {
    place.close()
  }
}

/** One file of all of them, which verify.py and verify.html read. */
export function fileOf(receipts: readonly Pick<Receipt, 'text'>[]): string {
  return `{"receipts":[${receipts.map(({ text }) => text).join(',')}]}`
}
