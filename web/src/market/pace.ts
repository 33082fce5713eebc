/** What a pace needs of the page: its clock, its frames, timers, and who is told of faults. */
export interface Frames {
  now(): number
  /** Calls back in the next frame with the moment at which that was due. */
  frame(run: (due: number) => void): void
  after(ms: number, run: () => void): void
  fault(problem: unknown): void
}

const PAGE: Frames = {
  now: () => performance.now(),
  frame: (run) => void requestAnimationFrame(run),
  after: (ms, run) => void setTimeout(run, ms),
  fault: (problem) => reportError(problem),
}

/** So many times as long as a picture took, the page leaves the machine to others. */
const REST = 3
/** Nobody waits for a picture longer than this because the one before was slow. */
const REST_MOST_MS = 250

/**
 * Pictures of what moves by itself, no faster than the machine can draw them beside what else it
 * does: on a quiet one each frame may have one, and pages side by side on a busy one share it.
 */
export class Pace {
  readonly #page: Frames
  #jobs: (() => void)[] = []
  #isComing = false
  #restsUntil = 0

  constructor(page: Frames = PAGE) {
    this.#page = page
  }

  /** Runs a job in the next frame that may be drawn, with all that came until then. */
  soon(job: () => void): void {
    this.#jobs.push(job)
    if (!this.#isComing) this.#plan()
  }

  #plan(): void {
    this.#isComing = true
    const draw = () => this.#page.frame((due) => this.#draw(due))
    const wait = this.#restsUntil - this.#page.now()
    if (wait > 0) this.#page.after(wait, draw)
    else draw()
  }

  #draw(due: number): void {
    const jobs = this.#jobs
    this.#jobs = []
    for (const job of jobs) this.#run(job)
    // A timer that is set in a frame runs once its picture is made.
    this.#page.after(0, () => this.#rest(due))
  }

  /** One picture that fails is not to stop all others. */
  #run(job: () => void): void {
    try {
      job()
    } catch (problem) {
      this.#page.fault(problem)
    }
  }

  #rest(due: number): void {
    const now = this.#page.now()
    this.#restsUntil = now + Math.min(REST_MOST_MS, (now - due) * REST)
    this.#isComing = false
    if (this.#jobs.length > 0) this.#plan()
  }
}

/** The pace of the market on this page. */
export const marketPace = new Pace()
