import { expect, test } from 'vitest'
import { type Frames, Pace } from './pace'

const FRAME_MS = 16

/** A page whose pictures take so long; frames and timers come when time is let pass. */
class Page implements Frames {
  #now = 0
  #queue: { at: number; run(): void }[] = []
  readonly faults: unknown[] = []

  constructor(private readonly pictureMs: () => number) {}

  now = () => this.#now

  frame = (run: (due: number) => void) => {
    const at = (Math.floor(this.#now / FRAME_MS) + 1) * FRAME_MS
    this.#at(at, () => {
      run(at)
      this.#now += this.pictureMs()
    })
  }

  fault = (problem: unknown) => this.faults.push(problem)

  after = (ms: number, run: () => void) => this.#at(this.#now + ms, run)

  #at(at: number, run: () => void): void {
    this.#queue.push({ at, run })
  }

  pass(until: number, each: () => void): void {
    for (let tick = 0; tick < until; tick += FRAME_MS / 2) {
      each()
      this.#now = Math.max(this.#now, tick)
      const due = this.#queue.filter(({ at }) => at <= this.#now)
      this.#queue = this.#queue.filter(({ at }) => at > this.#now)
      for (const { run } of due) run()
    }
  }
}

function drawn(pictureMs: () => number, seconds = 4): number {
  const page = new Page(pictureMs)
  const pace = new Pace(page)
  let pictures = 0
  let isWaiting = false
  page.pass(seconds * 1000, () => {
    if (isWaiting) return
    isWaiting = true
    pace.soon(() => {
      isWaiting = false
      pictures += 1
    })
  })
  return pictures / seconds
}

// Criterion: WEB-PACE-1
test('pictures that cost little are drawn as often as the book changes', () => {
  expect(drawn(() => 4)).toBeGreaterThan(20)
})

// Criterion: WEB-PACE-1
test('pictures that cost much leave most of the time to others, and still come', () => {
  expect(drawn(() => 40)).toBeLessThan(9)
  expect(drawn(() => 40)).toBeGreaterThan(3)
  expect(drawn(() => 2_000, 20)).toBeGreaterThan(0.2)
})

// Criterion: WEB-PACE-1
test('a picture that fails keeps no other from being drawn', () => {
  const page = new Page(() => 1)
  const pace = new Pace(page)
  const order: string[] = []
  const problem = new Error('no picture')
  pace.soon(() => {
    throw problem
  })
  pace.soon(() => order.push('trades'))
  page.pass(FRAME_MS * 2, () => {})
  pace.soon(() => order.push('book'))
  page.pass(FRAME_MS * 20, () => {})
  expect(order).toEqual(['trades', 'book'])
  expect(page.faults).toEqual([problem])
})

// Criterion: WEB-PACE-1
test('what came meanwhile is in one picture', () => {
  const page = new Page(() => 1)
  const pace = new Pace(page)
  const order: string[] = []
  pace.soon(() => order.push('book'))
  pace.soon(() => order.push('trades'))
  page.pass(FRAME_MS * 2, () => {})
  expect(order).toEqual(['book', 'trades'])
})
