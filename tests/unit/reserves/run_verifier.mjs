// Runs the verifier of the pages over vectors: `node run_verifier.mjs VERIFIER < vectors.json`.
// Prints the sentences, "" where everything holds, and anything else that was thrown as "THROWN".
import { readFileSync } from 'node:fs'

const { checkFiles, Refused } = await import(process.argv[2])
const verdicts = []
for (const { files } of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    await checkFiles(files)
    verdicts.push('')
  } catch (problem) {
    verdicts.push(problem instanceof Refused ? problem.message : `THROWN ${problem}`)
  }
}
process.stdout.write(JSON.stringify(verdicts))
