import { useState } from 'react'
import type { Values } from './filling'

/** How far a ceremony is, kept in this browser: it takes longer than a page stays open. */
interface Course {
  values: Values
  /** Names of steps: a later version of the page may have others before them. */
  done: readonly string[]
}

const PREFIX = 'fullreserve.ceremony.'
const NEW: Course = { values: {}, done: [] }

export function useCourse(id: string) {
  const [course, setCourse] = useState(() => read(id))
  const keep = (next: Course) => {
    setCourse(next)
    localStorage.setItem(PREFIX + id, JSON.stringify(next))
  }
  return {
    ...course,
    fillIn: (word: string, text: string) =>
      keep({ ...course, values: { ...course.values, [word]: text } }),
    tick: (name: string) => {
      const others = course.done.filter((one) => one !== name)
      keep({ ...course, done: others.length < course.done.length ? others : [...others, name] })
    },
    startOver: () => {
      setCourse(NEW)
      localStorage.removeItem(PREFIX + id)
    },
  }
}

function read(id: string): Course {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + id) ?? '') as Partial<Course>
    return { values: kept.values ?? {}, done: kept.done ?? [] }
  } catch {
    return NEW
  }
}
