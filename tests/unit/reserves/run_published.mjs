// What the verifier of the pages makes of published vectors: one JSON array in, one out.
// `node run_published.mjs VERIFIER < cases.json`; see test_published.py for the kinds of cases.
import { readFileSync } from 'node:fs'

const verifier = await import(process.argv[2])
const { Refused, bip322, messageOutpoint, scriptOf, schnorrHolds, toHex } = verifier
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'))
const text = (one) => new TextEncoder().encode(one)

async function said({ kind, address, message, signature, key }) {
  if (kind === 'schnorr') return schnorrHolds(bytes(key), bytes(message), bytes(signature))
  const script = await scriptOf('bc', address)
  if (kind === 'outpoint') return toHex(await messageOutpoint(script, text(message)))
  const held = await bip322(script, text(message), signature)
  return held ? [held.lock, held.sequence] : null
}

const answers = []
for (const one of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    answers.push(await said(one))
  } catch (problem) {
    answers.push(problem instanceof Refused ? null : `THROWN ${problem.stack}`)
  }
}
process.stdout.write(JSON.stringify(answers))
