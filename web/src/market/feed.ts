import { useEffect, useSyncExternalStore } from 'react'
import type { Pace } from './pace'

const LINGER_MS = 3_000

/** A value that is kept current while somebody looks at it, and a little longer. */
export abstract class Feed<T> {
  #value: T
  #users = 0
  #stop: (() => void) | null = null
  #leaving: ReturnType<typeof setTimeout> | undefined
  #watchers = new Set<() => void>()
  #isComing = false

  /** A pace is for what moves by itself; what a person waits for is in the next frame. */
  constructor(
    first: T,
    private readonly pace?: Pace,
  ) {
    this.#value = first
  }

  /** Begins to listen; returns how to end it. */
  protected abstract start(): () => void

  readonly get = (): T => this.#value

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Keeps the feed running until the returned function is called. */
  readonly use = (): (() => void) => {
    this.#users += 1
    clearTimeout(this.#leaving)
    this.#stop ??= this.start()
    return () => {
      this.#users -= 1
      if (this.#users === 0) this.#leaving = setTimeout(() => this.#end(), LINGER_MS)
    }
  }

  #end(): void {
    this.#stop?.()
    this.#stop = null
  }

  protected set(value: T): void {
    this.#value = value
    for (const watcher of this.#watchers) watcher()
  }

  /** Makes the value anew once before the next picture, however much arrives until then. */
  protected setSoon(make: () => T): void {
    if (this.#isComing) return
    this.#isComing = true
    const show = () => {
      this.#isComing = false
      this.set(make())
    }
    if (this.pace) this.pace.soon(show)
    else requestAnimationFrame(show)
  }
}

/** A text or number picked of a feed's value: nothing is drawn anew while it is the same. */
export function useFeedPart<T, P>(feed: Feed<T>, pick: (value: T) => P): P {
  useEffect(() => feed.use(), [feed])
  return useSyncExternalStore(feed.watch, () => pick(feed.get()))
}

/** A feed's value; the feed runs while the component is there. */
export function useFeed<T>(feed: Feed<T>): T {
  useEffect(() => feed.use(), [feed])
  return useSyncExternalStore(feed.watch, feed.get)
}
