"""Write verifier/verify.html: the verifier as one file that a browser opens without any network.

`python -m scripts.verifier_page` puts `web/src/reserves/verifier.js`, which the web app uses too,
into a page; a test fails when the file is not up to date.
"""

import re

from scripts.source import ROOT

SOURCE = ROOT / "web" / "src" / "reserves" / "verifier.js"
FILE = ROOT / "verifier" / "verify.html"

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<title>Check a proof of reserves</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
  #verdict { font-size: 1.25rem; font-weight: 600 }
  .holds { color: light-dark(#05603a, #6ce9a6) }
  .fails { color: light-dark(#b42318, #fda29b) }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums }
  td, th { padding: .25rem .75rem; text-align: right }
  td:first-child, th:first-child { text-align: left }
  label { display: block; margin: 1rem 0 }
  input { font: inherit; max-width: 100% }
</style>
<main>
<h1>Check a proof of reserves</h1>
<p>Choose the file that you saved: a bundle, a statement, and if you like the evidence that it
names. Nothing leaves this page; it works without a network.</p>
<label>Files <input type="file" id="files" multiple></label>
<label>The exchange's public key, if you know it from elsewhere
<input id="key" size="64" autocomplete="off" spellcheck="false"></label>
<p id="verdict" role="status"></p>
<ul id="steps"></ul>
<div id="result"></div>
</main>
<script>
'use strict'
// What follows is the verifier of the exchange's own pages, unchanged.
%(code)s

const STEPS = {
  signature: "The statement is signed by the exchange's key.",
  log: "It stands in the exchange's log of statements, which only grew.",
  totals: 'Its totals add up, and reserves cover what users are owed.',
  leaf: 'Your account is in these totals with exactly the claims below.',
  history: 'It is of one history with the receipts that were kept.',
  receipts: 'The receipts of the account say the same as its proofs.',
  evidence: 'Each coin of the reserves is shown: a key signed, the chain has the balance.',
}
const byId = (id) => document.getElementById(id)

function line(parent, tag, text) {
  const made = document.createElement(tag)
  made.textContent = text
  parent.append(made)
  return made
}

const WAIT_MS = 72 * 3600000
const FIRST = 'It is of version 1: lowest of 30 days and ages of addresses are not checked.'

// What does not fail and has to be known.
function remarks({ statement, assets }) {
  const found = []
  for (const one of assets) {
    const { symbol, decimals, users, reserves, leaving, was, own, reclassified, uncounted } = one
    if (reclassified) {
      const how = own ? 'counted coins of it' : "called it the exchange's own token"
      found.push(`RECLASSIFIED: ${symbol}, of which statement ${reclassified} ${how}.`)
    }
    if (own && (users || !uncounted)) {
      const how = uncounted ? 'nothing is held for it' : 'it covers claims on itself alone'
      found.push(`${symbol} is the exchange's OWN TOKEN: ${how}.`)
    }
    if (!uncounted && reserves < users) {
      const [away, before] = [leaving, was].map((units) => decimal(units, decimals))
      found.push(`${symbol} is COVERED ONLY with ${away} that is said to be on its way.`)
      if (was > reserves) {
        const { epoch } = statement.before
        found.push(`By statement ${epoch}, ${before} ${symbol} were there all the day before.`)
      }
    }
  }
  const isShown = assets.some(({ reserves }) => reserves > 0n)
  for (const { name, height, signed, time } of isShown ? statement.reserves.chains : []) {
    const chain = name.slice(0, 40)
    if (time !== undefined) {
      const minutes = Math.floor(Math.max(0, statement.ts - time) / 60000)
      found.push(`${chain}: block ${height}, ${minutes} minutes old then.`)
    }
    const hours = Math.floor((statement.ts - signed) / 3600000)
    if (statement.ts - signed > SIGNED_OLD_MS) {
      found.push(`OLD SIGNATURES of ${chain}: by ${hours} hours. After a day, or what they say, `
        + 'they count no more.')
    }
  }
  const spread = isShown ? spreadOf(statement) : null
  const seconds = Math.ceil((spread ?? 0) / 1000)
  if (spread !== null) found.push(`All chains were read within ${seconds} seconds.`)
  for (const { symbol, chain, contract, decimals, changed } of contractsOf(statement)) {
    const name = `${symbol} on ${chain}`
    if (changed) {
      found.push(`CONTRACT CHANGED: ${name}, of which statement ${changed} counted another.`)
    }
    found.push(`${name}: contract 0x${contract}, ${decimals} decimals.`)
  }
  if (statement.v === 1) return [...found, FIRST]
  const wait = isObject(statement.addresses) ? whole(statement.addresses, 'wait') : WAIT_MS
  if (wait < WAIT_MS) {
    const hours = Math.floor(wait / 3600000)
    found.push(`NOTE: new addresses count after ${hours} hours, where 72 are usual.`)
  }
  for (const { name, why } of statement.unshown ?? []) {
    found.push(`NOT SHOWN, and not counted: what is on ${name.slice(0, 40)} (${why.slice(0, 40)}).`)
  }
  return found
}

function show(checked) {
  for (const one of checked) {
    const result = byId('result')
    const made = new Date(one.statement.ts).toISOString()
    line(result, 'h2', `Statement ${one.statement.epoch} of ${made}`)
    line(result, 'p', `Signed by the key ${one.exchange}`)
    const table = line(result, 'table', '')
    const head = line(table, 'tr', '')
    for (const name of ['', 'Owed to users', 'There', 'Owed to you']) line(head, 'th', name)
    for (const [place, asset] of one.assets.entries()) {
      const row = line(table, 'tr', '')
      const own = one.leaf ? decimal(one.leaf.claims[place], asset.decimals) : ''
      const sums = [asset.users, asset.reserves].map((units) => decimal(units, asset.decimals))
      for (const text of [asset.symbol, ...sums, own]) line(row, 'td', text)
    }
    for (const sentence of remarks(one)) line(result, 'p', sentence)
    if (Date.now() > one.statement.expires) {
      line(result, 'p', 'It was true then; a newer statement should be there by now.')
    }
  }
}

// Which contracts count as which asset, of statements that do not name them themselves.
function showTokens(chains) {
  for (const { name, places, tokens } of chains) {
    for (const { contract, decimals, symbol } of tokens) {
      if (!places.some(({ amounts }) => Object.hasOwn(amounts, symbol))) continue
      const of = `contract 0x${contract}, ${decimals} decimals`
      line(byId('result'), 'p', `${symbol} on ${String(name).slice(0, 40)}: ${of}`)
    }
  }
}

async function showReceipt(document) {
  const { account, claims, exchange, sequence, time } = await checkReceipt(document)
  const result = byId('result')
  const made = new Date(time).toISOString()
  line(result, 'h2', `Receipt of ${made}, at place ${sequence} of the exchange's journal`)
  line(result, 'p', `Signed by the key ${exchange}`)
  line(result, 'p', `Account ${account} is owed:`)
  const list = line(result, 'ul', '')
  for (const { symbol, decimals, units } of claims) {
    line(list, 'li', `${decimal(units, decimals)} ${symbol}`)
  }
}

const NO_PROOF = "; no account's proof is there: whether what you are owed is in the totals was "
  + 'NOT checked.'

// Own tokens that users are owed are in the last sentence too, and that no claim was looked for.
function verdictOf(checked, files) {
  const holds = `Everything in ${files === 1 ? 'this file' : 'these files'} holds`
  const assets = checked.flatMap((one) => one.assets).filter((one) => one.own && one.users)
  const named = (some) => [...new Set(some.map((one) => one.symbol))].sort().join(', ')
  const bare = named(assets.filter(({ uncounted }) => uncounted))
  const end = checked.some(({ leaf }) => leaf) ? '.' : NO_PROOF
  if (bare) return `${holds}; of the exchange's own ${bare} nothing is covered${end}`
  if (assets.length === 0) return holds + end
  return `${holds}; the exchange's own ${named(assets)} covers itself alone${end}`
}

async function check() {
  const verdict = byId('verdict')
  for (const id of ['steps', 'result', 'verdict']) byId(id).textContent = ''
  verdict.className = ''
  const files = [...byId('files').files]
  if (files.length === 0) return
  try {
    const contents = await Promise.all(files.map((one) => one.text()))
    const say = (step) => line(byId('steps'), 'li', STEPS[step])
    const all = await checkFiles(contents, byId('key').value.trim(), say, Date.now())
    show(all)
    const isOld = all.some(({ statement }) => statement.v < 4)
    for (const document of contents.map(load)) {
      if (isReceipt(document)) await showReceipt(document)
      else if (!('statement' in document) && isOld) showTokens(document.chains ?? [])
    }
    verdict.textContent = verdictOf(all, files.length)
    verdict.className = 'holds'
  } catch (problem) {
    const why = problem instanceof Refused ? problem.message : 'The file has another shape.'
    verdict.textContent = `FAILED: ${why}`
    line(byId('result'), 'p', meaningOf(why))
    verdict.className = 'fails'
  }
}

byId('files').addEventListener('change', check)
byId('key').addEventListener('change', check)
</script>
</html>
"""


def page() -> str:
    """The file's content."""
    code = re.sub(r"^export ", "", SOURCE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert "</script" not in code
    return PAGE.replace("%(code)s", code.rstrip())


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
