/** How the state of a proposal looks. */
export function lookOf(state: string): 'good' | 'bad' | 'plain' {
  if (state === 'done') return 'good'
  return state === 'open' ? 'plain' : 'bad'
}
