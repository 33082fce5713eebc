import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { lookAlike } from './lookAlike'

interface Vectors {
  known: string[]
  rows: { name: string; address: string; like: string }[]
}

/** The exchange's own rule is tested by the same file. */
const FILE = new URL('../../../../../tests/unit/custody/look_alikes.json', import.meta.url)
const { known, rows } = JSON.parse(readFileSync(FILE, 'utf8')) as Vectors

// Criterion: WEB-FUNDS-LOOKALIKE-1
test.each(rows)('$name', ({ address, like }) => {
  expect(lookAlike(address, known) ?? '').toBe(like)
})
