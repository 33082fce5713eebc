import { createStore } from '~/app/store'

/** What a person is asked for in a dialog over whatever they were at. */
export interface Question {
  kind: 'proof' | 'sign-in'
  answer(done: boolean): void
}

export const question = createStore<Question | null>(null)
let pending: Promise<boolean> | null = null

/** Asks the person to prove who they are; true when they did. Asked once for all who wait. */
export function askProof(): Promise<boolean> {
  return ask('proof')
}

/** Asks the person to sign in again without leaving the page; true when they did. */
export function askSignIn(): Promise<boolean> {
  return ask('sign-in')
}

function ask(kind: Question['kind']): Promise<boolean> {
  pending ??= new Promise((resolve) => {
    question.set({
      kind,
      answer: (done) => {
        pending = null
        question.set(null)
        resolve(done)
      },
    })
  })
  return pending
}
