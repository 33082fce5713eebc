import { expect, test } from 'vitest'
import { type BookMessage, checksum, grouped, OrderBook } from './book'

function message(over: Partial<BookMessage>): BookMessage {
  return { asks: [], bids: [], ts: '1', seqId: 1, prevSeqId: -1, ...over }
}

function opened(): OrderBook {
  const book = new OrderBook()
  const bids = [
    ['100.5', '2'],
    ['100', '1'],
  ]
  const asks = [
    ['101', '3'],
    ['102.5', '4'],
  ]
  expect(book.apply(message({ bids, asks, seqId: 10 }), true)).toBe('ok')
  return book
}

// Criterion: WEB-BOOK-1
test('updates insert, replace and remove levels in order', () => {
  const book = opened()
  const update = message({
    bids: [
      ['100.7', '5'],
      ['100', '0'],
      ['90', '0'],
    ],
    asks: [
      ['101', '1'],
      ['101.5', '9'],
      ['103', '1'],
    ],
    seqId: 11,
    prevSeqId: 10,
  })
  expect(book.apply(update, false)).toBe('ok')
  expect(book.bids.map(({ px, sz }) => [px, sz])).toEqual([
    ['100.7', '5'],
    ['100.5', '2'],
  ])
  expect(book.asks.map(({ px }) => px)).toEqual(['101', '101.5', '102.5', '103'])
})

// Criterion: WEB-BOOK-2
test('a missing update is a gap', () => {
  const book = opened()
  expect(book.apply(message({ seqId: 13, prevSeqId: 12 }), false)).toBe('gap')
  expect(book.apply(message({ seqId: 14, prevSeqId: 10 }), false)).toBe('ok')
})

// Criterion: WEB-BOOK-2
test('a checksum that differs is told; the right one is taken', () => {
  const book = opened()
  const right = checksum(book.bids, book.asks)
  const next = { seqId: 11, prevSeqId: 10 }
  expect(book.apply(message({ ...next, checksum: right }), false)).toBe('ok')
  const wrong = message({ seqId: 12, prevSeqId: 11, checksum: right + 1 })
  expect(book.apply(wrong, false)).toBe('checksum')
})

// Criterion: WEB-BOOK-2
test('the checksum is that of the OKX guide', () => {
  const levels = (rows: string[][]) =>
    rows.map(([px = '', sz = '']) => ({ px, sz, price: Number(px), size: Number(sz) }))
  const bids = levels([['3366.1', '7']])
  const asks = levels([
    ['3366.8', '9'],
    ['3368', '8'],
    ['3372', '8'],
  ])
  // zlib.crc32(b"3366.1:7:3366.8:9:3368:8:3372:8") as a signed number.
  expect(checksum(bids, asks)).toBe(831078360)
})

// Criterion: WEB-BOOK-3
test('groups keep a price that is a multiple, and add up', () => {
  const at = (price: number, size: number) => ({ px: '', sz: '', price, size })
  const bids = [at(0.3, 1), at(0.29, 2), at(0.21, 4), at(0.2, 8)]
  expect(grouped(bids, 0.1, 'bid', 5)).toEqual([
    { price: expect.closeTo(0.3), size: 1, total: 1 },
    { price: expect.closeTo(0.2), size: 14, total: 15 },
  ])
  const asks = [at(0.3, 1), at(0.31, 2), at(0.4, 4), at(0.41, 8)]
  expect(grouped(asks, 0.1, 'ask', 2)).toEqual([
    { price: expect.closeTo(0.3), size: 1, total: 1 },
    { price: expect.closeTo(0.4), size: 6, total: 7 },
  ])
})
