// Runs the verifier of the pages over vectors: `node run_verifier.mjs VERIFIER < vectors.json`.
// Prints each sentence and its meaning, "" where everything holds, and anything else that was thrown
// as "THROWN".
import { readFileSync } from 'node:fs'

const { checkFiles, meaningOf, Refused } = await import(process.argv[2])
const verdicts = []
for (const { files, now } of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    await checkFiles(files, '', () => {}, now ?? null)
    verdicts.push(['', ''])
  } catch (problem) {
    const why = problem instanceof Refused ? problem.message : `THROWN ${problem}`
    verdicts.push([why, meaningOf(why)])
  }
}
process.stdout.write(JSON.stringify(verdicts))
