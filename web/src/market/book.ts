/** Price and size as they were sent, and as numbers for sorting and drawing. */
export interface Level {
  px: string
  sz: string
  price: number
  size: number
}

export interface BookMessage {
  asks: string[][]
  bids: string[][]
  ts: string
  checksum?: number
  seqId: number
  prevSeqId?: number
}

/** `gap`: an update is missing; `checksum`: what is held is not what the exchange holds. */
export type Applied = 'ok' | 'gap' | 'checksum'

const CHECKED_LEVELS = 25

/** An order book kept by a snapshot and updates, as channel `books` sends them. */
export class OrderBook {
  bids: Level[] = []
  asks: Level[] = []
  #sequence = -1

  /** Takes a message; anything but 'ok' leaves a book that is not to be shown. */
  apply(message: BookMessage, isSnapshot: boolean): Applied {
    if (isSnapshot) {
      this.bids = message.bids.map(levelOf)
      this.asks = message.asks.map(levelOf)
    } else {
      if (message.prevSeqId !== this.#sequence) return 'gap'
      for (const row of message.bids) change(this.bids, levelOf(row), -1)
      for (const row of message.asks) change(this.asks, levelOf(row), 1)
    }
    this.#sequence = message.seqId
    const isChecked = message.checksum !== undefined
    if (isChecked && message.checksum !== checksum(this.bids, this.asks)) return 'checksum'
    return 'ok'
  }
}

function levelOf(row: string[]): Level {
  const [px = '', sz = ''] = row
  return { px, sz, price: Number(px), size: Number(sz) }
}

/** Puts a level where it belongs, replaces it, or takes it out; `order` 1 is the lowest first. */
function change(levels: Level[], level: Level, order: 1 | -1): void {
  let low = 0
  let high = levels.length
  while (low < high) {
    const middle = (low + high) >> 1
    const found = levels[middle] as Level
    if ((found.price - level.price) * order < 0) low = middle + 1
    else high = middle
  }
  const isThere = levels[low]?.price === level.price
  if (level.size === 0) levels.splice(low, isThere ? 1 : 0)
  else levels.splice(low, isThere ? 1 : 0, level)
}

/** CRC-32 over the best levels of both sides in turn, as the OKX v5 guide describes it. */
export function checksum(bids: Level[], asks: Level[]): number {
  const parts: string[] = []
  for (let at = 0; at < CHECKED_LEVELS; at += 1) {
    const [bid, ask] = [bids[at], asks[at]]
    if (bid) parts.push(bid.px, bid.sz)
    if (ask) parts.push(ask.px, ask.sz)
  }
  return crc32(parts.join(':'))
}

const TABLE = Int32Array.from({ length: 256 }, (_, index) => {
  let code = index
  for (let bit = 0; bit < 8; bit += 1) code = code & 1 ? (code >>> 1) ^ 0xedb88320 : code >>> 1
  return code
})

/** The CRC-32 of ASCII text as a signed number. */
function crc32(text: string): number {
  let code = -1
  for (let at = 0; at < text.length; at += 1) {
    code = (code >>> 8) ^ (TABLE[(code ^ text.charCodeAt(at)) & 0xff] as number)
  }
  return ~code
}

/** A row of the shown book: levels of one group together, and all that is nearer to the middle. */
export interface Row {
  price: number
  size: number
  total: number
}

/** The nearest rows of one side at a step of prices: bids round down, asks up. */
export function grouped(levels: Level[], step: number, side: 'bid' | 'ask', most: number): Row[] {
  const rows: Row[] = []
  let total = 0
  for (const { price, size } of levels) {
    // A price that is a multiple is not to fall to the next group by the float's last bit.
    const steps = price / step
    const whole = side === 'bid' ? Math.floor(steps + 1e-6) : Math.ceil(steps - 1e-6)
    const at = whole * step
    const last = rows.at(-1)
    total += size
    if (last && Math.abs(last.price - at) < step / 2) {
      last.size += size
      last.total = total
    } else if (rows.length < most) {
      rows.push({ price: at, size, total })
    } else {
      break
    }
  }
  return rows
}
