const FIRST_MS = 1_000
const MOST_MS = 30_000

/**
 * Asks until there is an answer, with longer and longer waits; null once nobody waits for it.
 */
export async function persistent<T>(
  ask: () => Promise<T>,
  isWanted: () => boolean,
): Promise<T | null> {
  for (let wait = FIRST_MS; isWanted(); wait = Math.min(wait * 2, MOST_MS)) {
    try {
      return await ask()
    } catch {
      // A refusal as by a limit passes, and a live connection brings no other occasion to ask.
      await new Promise((done) => setTimeout(done, wait))
    }
  }
  return null
}
