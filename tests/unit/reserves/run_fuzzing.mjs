// The verifier of the pages, and which of its parts each input reached:
// `node run_fuzzing.mjs VERIFIER`, one JSON list of files a line in, one [sentence, parts] out.
// Parts are V8's block coverage: where a block begins and ends, and how often it ran, in steps.
import inspector from 'node:inspector'
import { createInterface } from 'node:readline'

const { checkFiles, Refused } = await import(process.argv[2])
// Arithmetic has no ways to miss, and many to take.
const LEFT_OUT = /^(keccakF|twice|plus|lifted|addedUp|added|decoded|power|mod|ripemd\w*|mixed|rolled)$/
const STEPS = 3

const session = new inspector.Session()
session.connect()

function post(method, parameters) {
  return new Promise((resolve, reject) => {
    session.post(method, parameters, (problem, result) =>
      problem ? reject(problem) : resolve(result),
    )
  })
}

await post('Profiler.enable')
await post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

async function said(files) {
  try {
    await checkFiles(files)
    return ''
  } catch (problem) {
    return problem instanceof Refused ? problem.message : `THROWN ${problem}`
  }
}

// What ran since the last look; looking sets the counts to 0.
async function parts() {
  const { result } = await post('Profiler.takePreciseCoverage')
  const found = new Set()
  for (const { url, functions } of result) {
    if (!url.endsWith('/verifier.js')) continue
    for (const { functionName, ranges } of functions) {
      if (LEFT_OUT.test(functionName) || !ranges[0].count) continue
      for (const { startOffset, endOffset, count } of ranges) {
        const step = Math.min(STEPS, 32 - Math.clz32(count))
        found.add(`${functionName} ${startOffset} ${endOffset * 4 + step}`)
      }
    }
  }
  return [...found]
}

await parts()
for await (const line of createInterface({ input: process.stdin })) {
  const sentence = await said(JSON.parse(line))
  process.stdout.write(`${JSON.stringify([sentence, await parts()])}\n`)
}
