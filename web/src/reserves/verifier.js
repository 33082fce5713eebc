// Checks statements and proofs of reserves, as `verifier/verify.py` does: the same checks in the
// same order with the same sentences. It runs in a page, in `verifier/verify.html` and in Node, and
// needs nothing but WebCrypto's SHA-256 and SHA-512.

const INTEGER_MAX = Number.MAX_SAFE_INTEGER
const SUM_MAX = 2n ** 128n - 1n
const RULE = 'sum-tree/1'
// A part of another name would be passed over, as if it were not there.
const BUNDLE = ['statement', 'signature', 'log', 'house', 'proof']
const TAG = 'fullreserve/statement/1\n'
const RECEIPT_TAG = 'fullreserve/receipt/1\n'
const ORIGIN = 'fullreserve/reserves'
const RECEIPTS_MAX = 2000
const READ_AGE_MAX_MS = 15 * 60 * 1000
// A node that hangs shows what was there once; headers may be ahead of a node's own time.
const BLOCK_AGE_MAX_MS = 4 * 3600 * 1000
const BLOCK_AHEAD_MAX_MS = 2 * 3600 * 1000
/** Older signatures count, and are told: who signs may be gone. */
export const SIGNED_OLD_MS = 12 * 3600 * 1000
const DAY_MS = 24 * 3600 * 1000
// Of an exchange that is gone nothing looks new for longer; earlier versions may say so for three.
const EXPIRES_MAX_MS = DAY_MS
const EXPIRED_MAX_MS = 3 * DAY_MS
/** Clocks of readers are as far behind as this. */
export const CLOCK_BEHIND_MAX_MS = 2 * 3600 * 1000
// Messages that say themselves when they run out may be made for a month; others are good for a day.
const SIGNED_AGE_MAX_MS = 30 * DAY_MS
// What was there in the first day of statements had nobody to wait for.
const FOUNDING_MS = DAY_MS
const LEAVING_BLOCKS_MAX = 1000
const LEAVING_MAX = 10000
// Nothing of a file shows that a payment is the exchange's: a quarter of what is owed, at most. Above
// that counts only what was there all through the day before an earlier statement, and is not now.
const LEAVING_PART = 4n
const BEFORE_MS = 12 * 3600 * 1000
// Of a day with a longer time between two statements nothing says what was there all through it.
const GAP_MAX_MS = 15 * 60 * 1000
const WINDOWS = ['1', '7', '30']

/** What does not hold, in one sentence. */
export class Refused extends Error {}

function refuse(sentence) {
  throw new Refused(sentence)
}

// What each kind of refusal means for the reader: words in its sentence, or at its beginning (^).
const MEANINGS = [
  [
    ['Your node'],
    'Your node and the file do not agree. See that it has caught up, and is of this ' +
      'chain; if so, what this names is not there, and the exchange has to explain it.',
  ],
  [
    [
      'keep both files',
      'keep the files',
      'two different logs',
      'does not follow statement',
      'hides that less',
      'hides for how long',
      'that they began',
      'to have begun later',
      'of an older version',
      'in a list of after',
      'something else of statement',
      "calls it the exchange's own token",
      'to be of before statement',
      'and does not say so',
    ],
    'The exchange has told two stories. Keep all of these files and show them to ' +
      'others: together they are the proof.',
  ],
  [
    ['was rewritten', 'not in the log of', "another epoch's place", 'of another log than'],
    "The file does not fit the exchange's log: it was altered on its way, or the exchange " +
      'rewrote its history. Fetch it again, from a mirror too; what fails again is the proof.',
  ],
  [
    ['beside it.', 'needs a bundle'],
    'A file is missing, and nothing is wrong yet: fetch the one that is named from ' +
      'the exchange or a mirror, put it beside the others, and check again.',
  ],
  [
    [
      "not signed by the exchange's key",
      'another key than the one you',
      'two different keys',
      'checkpoint has',
    ],
    "The exchange's key did not sign exactly this: the file was altered on its way, " +
      'or somebody else made it. Fetch it from another place before you blame the ' +
      'exchange.',
  ],
  [
    ['do not cover', 'too much of ', 'own token is counted', 'own token now'],
    'The exchange owes its users more than it has shown to be there. Ask it why, and ' +
      'leave nothing there that you cannot lose.',
  ],
  [
    [
      'too old',
      'too long before',
      'of a later time',
      'made at another time',
      'has run out',
      'older than the statement',
      'too lately to count',
      'published later',
      'of a later block',
      'is not of before',
      'expires before',
      'expires more than',
      'of a time to come',
    ],
    'What shows the reserves is too old or too new to be believed. Until newer ' +
      'statements mend that, take these reserves as not there.',
  ],
  [
    ['this program does not know', 'this program knows'],
    'This verifier does not know the form of the file, or what it names: fetch the ' +
      'newest verifier from the project, not from the exchange, and check again.',
  ],
  [
    [
      '^Your ',
      "^The house's ",
      "^The proof's path",
      '^The proof is',
      '^The proof has',
      '^The proof hides',
      "proof's path overflow",
      '^The leaf is',
      '^The receipt',
    ],
    'What somebody is owed is not shown to be in the totals that the exchange signed.' +
      ' Fetch the proof anew; if it fails again, keep it and ask the exchange.',
  ],
  [
    [
      'contradicts itself on',
      'is said to be more',
      'ratio is not',
      "house's share",
      'payments on their way are',
      'names a payment',
      'names a token',
      'names other contracts',
      'when its chain was read',
      'names an asset that',
      '^The statement names an asset twice',
      'names no assets',
      'names reserves and',
      'names too many',
      'not follow another',
      'network twice',
      'earlier one that it does not name',
    ],
    'The exchange signed a statement that contradicts itself, so it cannot be true. ' +
      'Keep the file, and ask the exchange.',
  ],
  [
    [
      '^The file',
      '^None of',
      '^One of',
      '^"',
      '^FILE',
      '^The list of addresses has one',
      '^The list of addresses is not',
      '^The statement names no chain',
      '^The statement has no canonical',
      '^The evidence is not the one',
      'other sizes than',
      '^[Errno',
    ],
    'The file is damaged, is none of those that this checks, or belongs to another ' +
      'one: fetch it again. This says nothing about the exchange.',
  ],
]
const NOT_SHOWN =
  "What this names is not shown to be the exchange's, or to be there: take the " +
  'reserves that rest on it as not there, and ask the exchange.'

/** What it means, in one sentence or two, that this does not hold. */
export function meaningOf(sentence) {
  const isIn = (form) =>
    form[0] === '^' ? sentence.startsWith(form.slice(1)) : sentence.includes(form)
  const found = MEANINGS.find(([forms]) => forms.some(isIn))
  return found ? found[1] : NOT_SHOWN
}

// Reading.

// JSON.parse keeps the last of two equal keys and takes fractions: both are looked for first.
function scan(text) {
  let at = 0
  const space = () => {
    while (at < text.length && ' \t\n\r'.includes(text[at])) at += 1
  }
  const string = () => {
    const start = at
    at += 1
    while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    at += 1
    return JSON.parse(text.slice(start, at))
  }
  const value = (depth) => {
    if (depth > 200) refuse('The file cannot be read as JSON: it is nested too deeply.')
    space()
    const first = text[at]
    if (first === '{') return object(depth)
    if (first === '[') return list(depth)
    if (first === '"') return string()
    const found = /^-?[0-9.eE+-]+|^true|^false|^null/.exec(text.slice(at, at + 40))
    if (!found) refuse('The file cannot be read as JSON.')
    at += found[0].length
    if (/^-?[0-9]/.test(found[0])) {
      if (!/^-?[0-9]+$/.test(found[0]))
        refuse(`The file holds ${found[0]}, which is no whole number.`)
      if (Math.abs(Number(found[0])) > INTEGER_MAX)
        refuse('The file holds a number that is too large.')
    }
    return JSON.parse(found[0])
  }
  const object = (depth) => {
    const made = Object.create(null)
    at += 1
    space()
    if (text[at] === '}') {
      at += 1
      return made
    }
    for (;;) {
      space()
      if (text[at] !== '"') refuse('The file cannot be read as JSON.')
      const key = string()
      if (key in made) refuse('The file says the same thing twice: a key is repeated.')
      space()
      if (text[at] !== ':') refuse('The file cannot be read as JSON.')
      at += 1
      made[key] = value(depth + 1)
      space()
      at += 1
      if (text[at - 1] === '}') return made
      if (text[at - 1] !== ',') refuse('The file cannot be read as JSON.')
    }
  }
  const list = (depth) => {
    const made = []
    at += 1
    space()
    if (text[at] === ']') {
      at += 1
      return made
    }
    for (;;) {
      made.push(value(depth + 1))
      space()
      at += 1
      if (text[at - 1] === ']') return made
      if (text[at - 1] !== ',') refuse('The file cannot be read as JSON.')
    }
  }
  const found = value(0)
  space()
  if (at < text.length) refuse('The file cannot be read as JSON.')
  return found
}

/** A JSON object; repeated keys and fractions are refused. */
export function load(text) {
  let found
  try {
    found = scan(text)
  } catch (problem) {
    if (problem instanceof Refused) throw problem
    refuse('The file cannot be read as JSON.')
  }
  if (isObject(found) && 'data' in found && 'code' in found) {
    if (found.code !== '0' || !Array.isArray(found.data) || found.data.length !== 1) {
      refuse('The file is an answer of the exchange without a bundle in it.')
    }
    found = found.data[0]
  }
  if (!isObject(found)) refuse('The file is not a bundle: it holds no JSON object.')
  return found
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The one form that is hashed and signed. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (isObject(value)) {
    const keys = Object.keys(value).sort()
    return `{${keys.map((key) => `${quoted(key)}:${canonical(value[key])}`).join(',')}}`
  }
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value)
}

function quoted(text) {
  const escaped = (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, escaped)
}

function member(document, name, kind) {
  const value = isObject(document) ? document[name] : undefined
  const found = Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value
  if (found !== kind) refuse(`The file has no proper "${name}".`)
  return value
}

function whole(document, name) {
  const value = member(document, name, 'number')
  if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
    refuse(`"${name}" is negative or too large.`)
  }
  return value
}

function amountOf(text, name) {
  if (typeof text !== 'string' || !/^(0|[1-9][0-9]{0,38})$/.test(text)) {
    refuse(`"${name}" is no amount: a negative one, or not a whole number.`)
  }
  const value = BigInt(text)
  if (value > SUM_MAX) refuse(`"${name}" is too large.`)
  return value
}

const amount = (document, name) => amountOf(member(document, name, 'string'), name)

function octetsOf(text, name, length = 32) {
  if (typeof text !== 'string' || !/^([0-9a-f]{2})*$/.test(text)) {
    refuse(`"${name}" is not in hexadecimal digits.`)
  }
  if (length !== null && text.length !== 2 * length) refuse(`"${name}" has another length.`)
  return fromHex(text)
}

const octets = (document, name, length = 32) =>
  octetsOf(member(document, name, 'string'), name, length)

const texts = (document, name) => member(document, name, 'list')

// Bytes.

function fromHex(text) {
  const made = new Uint8Array(text.length / 2)
  for (let at = 0; at < made.length; at += 1) {
    made[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16)
  }
  return made
}

export function toHex(bytes) {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

const encoder = new TextEncoder()
const ascii = (text) => encoder.encode(text)

function joined(...parts) {
  let length = 0
  for (const part of parts) length += part.length
  const made = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    made.set(part, at)
    at += part.length
  }
  return made
}

function bigEndian(value, length) {
  return fromHex(
    BigInt(value)
      .toString(16)
      .padStart(2 * length, '0'),
  )
}

const number = (bytes) => BigInt(`0x${toHex(bytes) || '0'}`)
const same = (one, other) => toHex(one) === toHex(other)

async function sha(...parts) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined(...parts)))
}

// Ed25519 (RFC 8032, section 5.1), in extended coordinates.

const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27742317777372353535851937790883648493n
const mod = (value, by) => ((value % by) + by) % by

function power(base, exponent, by) {
  let found = 1n
  let square = mod(base, by)
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) found = (found * square) % by
    square = (square * square) % by
  }
  return found
}

const D = mod(-121665n * power(121666n, P - 2n, P), P)
const ROOT = power(2n, (P - 1n) / 4n, P)

function decoded(bytes) {
  const all = number(Uint8Array.from(bytes).reverse())
  const sign = all >> 255n
  const y = all & ((1n << 255n) - 1n)
  if (y >= P) return null
  const square = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n, P), P)
  let x = power(square, (P + 3n) / 8n, P)
  if (mod(x * x - square, P)) x = (x * ROOT) % P
  if (mod(x * x - square, P) || (x === 0n && sign)) return null
  if ((x & 1n) !== sign) x = P - x
  return [x, y, 1n, (x * y) % P]
}

function added([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = ((y1 - x1) * (y2 - x2)) % P
  const b = ((y1 + x1) * (y2 + x2)) % P
  const c = (2n * t1 * t2 * D) % P
  const d = (2n * z1 * z2) % P
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return [mod(e * f, P), mod(g * h, P), mod(f * g, P), mod(e * h, P)]
}

const BASE = decoded(fromHex(`58${'66'.repeat(31)}`))

async function ed25519Holds(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false
  const point = decoded(key)
  const nonce = decoded(signature.slice(0, 32))
  const scalar = number(signature.slice(32).reverse())
  if (!point || !nonce || scalar >= L) return false
  let eighth = point
  for (let turn = 0; turn < 3; turn += 1) eighth = added(eighth, eighth)
  if (eighth[0] === 0n) return false
  const text = joined(signature.slice(0, 32), key, message)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-512', text))
  const challenge = number(digest.reverse()) % L
  const minus = [P - point[0], point[1], point[2], P - point[3]]
  const choices = [null, BASE, minus, added(BASE, minus)]
  let found = [0n, 1n, 1n, 0n]
  for (let bit = 252n; bit >= 0n; bit -= 1n) {
    found = added(found, found)
    const which = Number(((scalar >> bit) & 1n) | (((challenge >> bit) & 1n) << 1n))
    if (which) found = added(found, choices[which])
  }
  const isX = mod(found[0] - nonce[0] * found[2], P) === 0n
  return isX && mod(found[1] - nonce[1] * found[2], P) === 0n
}

// The sum tree.

const sums = (all) => joined(...all.map((one) => bigEndian(one, 16)))

async function checkLeaf(proof, statement, whose) {
  const claimsOf = member(statement, 'claims', 'object')
  const totals = texts(statement, 'assets').map((one) => amount(one, 'claims'))
  const [index, leaves] = [whole(proof, 'index'), whole(proof, 'leaves')]
  const [epoch, account] = [whole(proof, 'epoch'), amount(proof, 'account')]
  if (account >= 2n ** 64n) refuse('The proof is of an account that cannot be.')
  if (leaves !== whole(claimsOf, 'leaves') || index >= leaves) {
    refuse('The proof is of a tree with another number of leaves.')
  }
  if (!(epoch > 0 && epoch <= whole(statement, 'epoch'))) {
    refuse('The leaf is from after the statement.')
  }
  const claims = texts(proof, 'claims').map((one) => amountOf(one, 'claims'))
  if (claims.length !== totals.length) {
    refuse('The proof has another number of assets than the statement.')
  }
  const [e, n] = [bigEndian(epoch, 8), bigEndian(account, 8)]
  const user = await sha(ascii('por/user/1'), e, octets(proof, 'salt'), n)
  const count = bigEndian(claims.length, 2)
  const leaf = await sha(ascii('por/leaf/1'), e, user, count, sums(claims))
  const top = await climb(leaf, claims, index, leaves, texts(proof, 'path'))
  const isSame = top.sums.every((one, place) => one === totals[place])
  if (!same(top.hash, octets(claimsOf, 'root')) || !isSame) {
    refuse(`${whose} proof does not lead to the statement's root and totals.`)
  }
  return { account: account.toString(), epoch, claims, steps: texts(proof, 'path').length }
}

async function climb(leaf, claims, startIndex, startLeaves, path) {
  let own = { hash: leaf, sums: claims }
  let [index, leaves, height] = [startIndex, startLeaves, 0]
  while (leaves > 1) {
    if (height >= path.length) refuse("The proof's path is too short.")
    const other = sibling(path[height], claims.length)
    const beside = index % 2 === 0 ? index + 1 : index - 1
    if (beside >= leaves) {
      const pad = await sha(ascii('por/pad/1'), bigEndian(height, 1), bigEndian(beside, 8))
      if (!same(other.hash, pad) || other.sums.some((one) => one !== 0n)) {
        refuse('The proof hides something where the tree has only padding.')
      }
    }
    height += 1
    const [left, right] = index % 2 === 0 ? [own, other] : [other, own]
    const parts = [left.hash, sums(left.sums), right.hash, sums(right.sums)]
    const total = own.sums.map((one, place) => one + other.sums[place])
    own = { hash: await sha(ascii('por/node/1'), bigEndian(height, 1), ...parts), sums: total }
    if (total.some((one) => one > SUM_MAX)) refuse("Sums on the proof's path overflow.")
    ;[index, leaves] = [Math.floor(index / 2), Math.floor((leaves + 1) / 2)]
  }
  if (height !== path.length) refuse("The proof's path is too long.")
  return own
}

function sibling(text, assets) {
  if (typeof text !== 'string' || text.length > 65 + 33 * assets) {
    refuse("The proof's path has another shape.")
  }
  const colon = text.indexOf(':')
  const tail = text.slice(colon + 1)
  const parts = tail ? tail.split(',') : []
  if (colon < 0 || parts.length !== assets) {
    refuse("The proof's path has another number of assets.")
  }
  for (const part of parts) {
    if (!/^(0|[1-9a-f][0-9a-f]{0,31})$/.test(part)) {
      refuse("The proof's path holds something that is no amount.")
    }
  }
  const hash = octetsOf(text.slice(0, colon), 'path')
  return { hash, sums: parts.map((part) => BigInt(`0x${part}`)) }
}

// The log of statements (RFC 6962; verification as in RFC 9162, 2.1.3 and 2.1.4).

const half = (value) => Math.floor(value / 2)
const isOdd = (value) => value % 2 === 1

async function included(leaf, startIndex, size, path, root) {
  if (!(startIndex < size)) return false
  let [own, index, last] = [leaf, startIndex, size - 1]
  for (const one of path) {
    if (last === 0) return false
    if (isOdd(index) || index === last) {
      own = await sha(Uint8Array.of(1), one, own)
      while (!isOdd(index) && index) [index, last] = [half(index), half(last)]
    } else {
      own = await sha(Uint8Array.of(1), own, one)
    }
    ;[index, last] = [half(index), half(last)]
  }
  return last === 0 && same(own, root)
}

async function consistent(first, second, firstRoot, secondRoot, path) {
  if (first === second) return same(firstRoot, secondRoot) && path.length === 0
  if (first === 0) return path.length === 0 && same(firstRoot, await sha())
  if (!(first < second) || path.length === 0) return false
  const isPower = (BigInt(first) & BigInt(first - 1)) === 0n
  const nodes = isPower ? [firstRoot, ...path] : path
  let [index, last] = [first - 1, second - 1]
  while (isOdd(index)) [index, last] = [half(index), half(last)]
  let [before, after] = [nodes[0], nodes[0]]
  for (const one of nodes.slice(1)) {
    if (last === 0) return false
    if (isOdd(index) || index === last) {
      before = await sha(Uint8Array.of(1), one, before)
      after = await sha(Uint8Array.of(1), one, after)
      while (!isOdd(index) && index) [index, last] = [half(index), half(last)]
    } else {
      after = await sha(Uint8Array.of(1), after, one)
    }
    ;[index, last] = [half(index), half(last)]
  }
  return last === 0 && same(before, firstRoot) && same(after, secondRoot)
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (one) => one.charCodeAt(0))
}

async function checkCheckpoint(note, key) {
  const form = new RegExp(
    `^(${ORIGIN}\\n([1-9][0-9]{0,15})\\n([A-Za-z0-9+/]{43}=)\\n)\\n— ${ORIGIN} ([A-Za-z0-9+/]{91}=)\\n`,
  )
  const found = form.exec(note)
  if (!found) refuse("The log's checkpoint has another form.")
  const [, text, size, root, line] = found
  const signature = fromBase64(line)
  const name = (await sha(ascii(`${ORIGIN}\n`), Uint8Array.of(1), key)).slice(0, 4)
  const isNamed = same(signature.slice(0, 4), name)
  if (!isNamed || !(await ed25519Holds(key, ascii(text), signature.slice(4)))) {
    refuse("The log's checkpoint is not signed by the exchange's key.")
  }
  return { size: Number(size), root: fromBase64(root) }
}

async function checkLog(log, statement, key) {
  const { size, root } = await checkCheckpoint(member(log, 'checkpoint', 'string'), key)
  const index = whole(log, 'index')
  if (index !== whole(statement, 'epoch') - 1) {
    refuse("The statement stands at another epoch's place in the log.")
  }
  const path = texts(log, 'inclusion').map((one) => octetsOf(one, 'inclusion'))
  const leaf = await sha(Uint8Array.of(0), ascii(canonical(statement)))
  if (!(await included(leaf, index, size, path, root))) {
    refuse('The statement is not in the log of statements.')
  }
  const before = member(log, 'before', 'object')
  const steps = texts(before, 'consistency').map((one) => octetsOf(one, 'consistency'))
  const earlier = whole(before, 'size')
  if (!(await consistent(earlier, size, octets(before, 'root'), root, steps))) {
    refuse('The log was rewritten: it does not begin with the earlier log.')
  }
  const was = { size: earlier, root: toHex(octets(before, 'root')) }
  return { size, root: toHex(root), earlier: was }
}

// The statement.

/** That the exchange made a statement, and logged it; nothing of what it says. */
async function checkStatement(bundle, key, say = () => {}) {
  const statement = member(bundle, 'statement', 'object')
  if (!Object.keys(bundle).every((name) => BUNDLE.includes(name))) {
    refuse('The file has a part beside its statement that this program does not know.')
  }
  if (![1, 2, 3, 4].includes(whole(statement, 'v'))) {
    refuse('The statement is of a version that this program does not know.')
  }
  const exchange = octets(statement, 'exchange')
  if (key && toHex(exchange) !== key) {
    refuse('The statement is by another key than the one you gave.')
  }
  const message = ascii(TAG + canonical(statement))
  if (!(await ed25519Holds(exchange, message, octets(bundle, 'signature', 64)))) {
    refuse("The statement is not signed by the exchange's key.")
  }
  if (member(member(statement, 'claims', 'object'), 'rule', 'string') !== RULE) {
    refuse('The claims are proven by a rule that this program does not know.')
  }
  checkPrevious(statement)
  say('signature')
  const logged = await checkLog(member(bundle, 'log', 'object'), statement, exchange)
  say('log')
  return { statement, exchange: toHex(exchange), assets: [], leaf: null, logged }
}

/** Everything about a bundle that needs no other file. `say(step)` is called as steps hold. */
export async function checkBundle(bundle, key = '', say = () => {}) {
  const said = await checkStatement(bundle, key, say)
  const { statement } = said
  const hasHouse = bundle.house !== null && bundle.house !== undefined
  const house = hasHouse ? await checkLeaf(bundle.house, statement, "The house's") : null
  const assets = checkAssets(statement, house ? house.claims : null)
  say('totals')
  const hasProof = bundle.proof !== null && bundle.proof !== undefined
  const leaf = hasProof ? await checkLeaf(bundle.proof, statement, 'Your') : null
  if (leaf && house && leaf.account === house.account) refuse("Your leaf is the house's.")
  if (leaf) say('leaf')
  return { ...said, assets, leaf }
}

function checkPrevious(statement) {
  const [epoch, previous] = [whole(statement, 'epoch'), member(statement, 'previous', 'string')]
  if (epoch === 0 || (epoch === 1) !== (previous === '')) {
    refuse('The statement does not follow another one.')
  }
  if (previous) octetsOf(previous, 'previous')
  const lasts = whole(statement, 'expires') - whole(statement, 'ts')
  if (lasts <= 0) refuse('The statement expires before it is made.')
  const longest = whole(statement, 'v') > 3 ? EXPIRES_MAX_MS : EXPIRED_MAX_MS
  if (lasts > longest) {
    refuse(`The statement expires more than ${longest / 3600000} hours after it is made.`)
  }
}

/** The tokens that a statement names, which statements do since version 4. */
export function contractsOf(statement) {
  if (whole(statement, 'v') < 4) return []
  const found = []
  for (const row of texts(member(statement, 'reserves', 'object'), 'chains')) {
    for (const token of texts(row, 'tokens')) found.push(contractIn(token, row, statement))
  }
  if (new Set(found.map(({ network, symbol }) => `${network} ${symbol}`)).size !== found.length) {
    refuse('The statement names a token of a chain twice.')
  }
  return found
}

function contractIn(token, row, statement) {
  const [symbol, decimals] = [member(token, 'symbol', 'string'), whole(token, 'decimals')]
  if (!/^[A-Z0-9]{1,20}$/.test(symbol) || decimals > 60) {
    refuse('The statement names a token that cannot be.')
  }
  const contract = toHex(octets(token, 'contract', 20))
  let changed = 0
  if ('changed' in token) {
    const then = member(token, 'changed', 'object')
    changed = whole(then, 'epoch')
    const isBefore = changed > 0 && changed < whole(statement, 'epoch')
    if (!isBefore || whole(then, 'ts') > whole(statement, 'ts')) {
      refuse('The statement contradicts itself on when a contract was changed.')
    }
  }
  const chain = member(row, 'name', 'string').slice(0, 40)
  return { network: whole(row, 'network'), chain, symbol, contract, decimals, changed }
}

/** In how many ms all chains were read; null before version 4, and where none was. */
export function spreadOf(statement) {
  const reserves = member(statement, 'reserves', 'object')
  const rows = texts(reserves, 'chains')
  if (whole(statement, 'v') < 4 || rows.length === 0) return null
  const [began, done] = [whole(reserves, 'read'), rows.map((row) => whole(row, 'read'))]
  const last = Math.max(...done)
  if (!(began <= Math.min(...done)) || last > whole(statement, 'ts')) {
    refuse('The statement contradicts itself on when its chain was read.')
  }
  return last - began
}

function checkAssets(statement, house) {
  const rows = texts(statement, 'assets')
  if (rows.length === 0 || rows.length > 65535) refuse('The statement names no assets.')
  const reservesOf = member(statement, 'reserves', 'object')
  const [ts, read] = [whole(statement, 'ts'), whole(reservesOf, 'read')]
  const isNew = whole(statement, 'v') > 1
  const made = rows.map((row, place) => checkAsset(row, house ? house[place] : 0n, statement))
  if (new Set(made.map((one) => one.symbol)).size !== made.length) {
    refuse('The statement names an asset twice.')
  }
  checkAges(
    reservesOf,
    ts,
    read,
    made.some((one) => one.reserves > 0n),
    isNew ? SIGNED_AGE_MAX_MS : DAY_MS,
  )
  if (isNew) {
    checkLeaving(statement, made)
    checkBefore(statement, made)
    gapsOf(statement)
    checkUnshown(statement)
    for (const one of made) checkLowest(one)
  }
  spreadOf(statement)
  contractsOf(statement)
  for (const one of made) checkCover(one)
  return made
}

// Why what is there does not cover what is owed, with a part of it that is on its way at most; more of
// that counts as far as it was there before. What the exchange issues itself covers claims on itself
// as any asset does, since version 3; in version 2 it counts never, and what counted before cannot
// become that while users are owed it. Empty: it covers.
function lackOf({ symbol, decimals, users, reserves, leaving, was, uncounted, reclassified }) {
  const sums = [reserves + leaving, users, leaving].map((units) => decimal(units, decimals))
  const [held, owed, away] = sums
  if (uncounted) {
    if (reserves || leaving) return `${symbol}: the exchange's own token is counted as reserves.`
    if (!reclassified || !users) return ''
    return (
      `${symbol}: nothing covers ${owed} owed to users: it counted as reserves until statement ` +
      `${reclassified}, and is called the exchange's own token now.`
    )
  }
  if (reserves + leaving < users) {
    return `${symbol}: reserves of ${held} do not cover ${owed} owed to users.`
  }
  if (atLeast0(users - reserves) - atLeast0(was - reserves) > users / LEAVING_PART) {
    return `${symbol}: ${away} is said to be on its way, too much of ${owed} to be cover.`
  }
  return ''
}

function checkCover(asset) {
  const lack = lackOf(asset)
  if (lack) refuse(lack)
}

/** What a statement says of each asset, with why it is not covered (`lack`; empty where it is). */
export function coverOf(statement) {
  return assetsOf(statement).map((one) => ({ ...one, lack: lackOf(one) }))
}

/** What does not hold of all that a statement says by itself, in a sentence; empty: it holds. */
export function faultOf(statement) {
  try {
    checkPrevious(statement)
    const house = texts(statement, 'assets').map((row) => amount(row, 'house'))
    checkAssets(statement, house)
  } catch (problem) {
    if (problem instanceof Refused) return problem.message
    throw problem
  }
  return ''
}

const atLeast0 = (units) => (units > 0n ? units : 0n)

function checkAsset(row, own, statement) {
  const [symbol, decimals] = [member(row, 'symbol', 'string'), whole(row, 'decimals')]
  if (!/^[A-Z0-9]{1,20}$/.test(symbol) || decimals > 30) {
    refuse('The statement names an asset that cannot be.')
  }
  const [claims, users, reserves] = ['claims', 'users', 'reserves'].map((name) => amount(row, name))
  const shortfall = amount(row, 'shortfall')
  if (amount(row, 'house') !== own || users !== claims - own) {
    refuse(`${symbol}: the house's share is not what its leaf says.`)
  }
  const more = moreOf(row, statement)
  const stated = more.uncounted ? '' : ratio(reserves + more.leaving, users)
  if (member(row, 'ratio', 'string') !== stated) {
    refuse(`${symbol}: the ratio is not reserves over claims.`)
  }
  return { symbol, decimals, users, reserves, shortfall, ...more }
}

// What statements say since their second version.
function moreOf(row, statement) {
  if (whole(statement, 'v') === 1) {
    return {
      leaving: 0n,
      young: 0n,
      lowest: [],
      was: 0n,
      own: false,
      reclassified: 0,
      uncounted: false,
    }
  }
  const of = member(row, 'lowest', 'object')
  const lowest = WINDOWS.map((days) => low(member(of, days, 'object')))
  if ('own' in row && whole(row, 'own') !== 1) refuse('The file has no proper "own".')
  const stated = 'was' in row ? amount(row, 'was') : 0n
  const isKnown = !('before' in statement) || wasLookedAt(member(statement, 'before', 'object'))
  const was = isKnown ? stated : 0n
  const [leaving, young] = [amount(row, 'leaving'), amount(row, 'young')]
  const reclassified = reclassifiedIn(row, statement)
  const own = 'own' in row
  const uncounted = own && whole(statement, 'v') === 2
  return { leaving, young, lowest, was, own, reclassified, uncounted }
}

// The statement that took an asset for the other kind last, own token or not; 0: none did.
function reclassifiedIn(row, statement) {
  if (!('reclassified' in row)) return 0
  const then = member(row, 'reclassified', 'object')
  const epoch = whole(then, 'epoch')
  const isBefore = epoch > 0 && epoch < whole(statement, 'epoch')
  if (!isBefore || whole(then, 'ts') > whole(statement, 'ts')) {
    refuse('The statement contradicts itself on when an asset was reclassified.')
  }
  return epoch
}

// Whether there were statements all through the day before an earlier one.
function wasLookedAt(before) {
  return 'gap' in before && whole(before, 'gap') <= GAP_MAX_MS
}

function low(row) {
  const text = member(row, 'ratio', 'string')
  if (text && !/^(0|[1-9][0-9]{0,38})\.[0-9]{4}$/.test(text)) refuse('"ratio" is no ratio.')
  const parts = text ? BigInt(text.replace('.', '')) : null
  return { ratio: parts, reserves: amount(row, 'reserves') }
}

// That longer times have no higher lows, and none is above what is there now.
function checkLowest(asset) {
  let higher = { ratio: shownParts(asset), reserves: asset.reserves }
  for (const one of asset.lowest) {
    const isMissing = one.ratio === null && higher.ratio !== null
    if (isMissing || one.reserves > higher.reserves || isAbove(one, higher)) {
      refuse(`${asset.symbol}: the lowest that was there is said to be more than there is.`)
    }
    higher = one
  }
}

const isAbove = (one, other) =>
  one.ratio !== null && other.ratio !== null && one.ratio > other.ratio
// The ratio in parts of 10,000; null where nothing is owed, or nothing can cover it.
const shownParts = ({ reserves, leaving, users, uncounted }) =>
  users && !uncounted ? ((reserves + leaving) * 10000n) / users : null

// That an earlier statement is named where sums of before it are.
function checkBefore(statement, assets) {
  if (!('before' in statement)) {
    if (assets.some((one) => one.was)) {
      refuse('The statement tells of an earlier one that it does not name.')
    }
    return
  }
  const [before, ts] = [member(statement, 'before', 'object'), whole(statement, 'ts')]
  octets(before, 'statement')
  const [epoch, made] = [whole(before, 'epoch'), whole(before, 'ts')]
  const isBefore = epoch > 0 && epoch < whole(statement, 'epoch')
  if (!isBefore || !(ts - BEFORE_MS <= made && made <= ts)) {
    refuse('What is on its way is covered by a statement that is too old, or later.')
  }
}

// The longest times without a statement, by days; older ones do not say them.
function gapsOf(statement) {
  if (!('gaps' in statement)) return {}
  const gaps = member(statement, 'gaps', 'object')
  return Object.fromEntries(WINDOWS.map((days) => [days, whole(gaps, days)]))
}

// That no network is both shown and not.
function checkUnshown(statement) {
  const rows = 'unshown' in statement ? texts(statement, 'unshown') : []
  const chains = texts(member(statement, 'reserves', 'object'), 'chains')
  const seen = new Set(chains.map((one) => whole(one, 'network')))
  for (const row of rows) {
    const network = whole(row, 'network')
    for (const name of ['name', 'why']) member(row, name, 'string')
    if (seen.has(network)) {
      refuse('The statement says of a network twice whether it is shown.')
    }
    seen.add(network)
  }
}

// That payments on their way are named, each once and in a block that was read.
function checkLeaving(statement, assets) {
  const chains = texts(member(statement, 'reserves', 'object'), 'chains')
  const heights = new Map(chains.map((one) => [whole(one, 'network'), whole(one, 'height')]))
  const rows = texts(statement, 'leaving')
  if (rows.length > LEAVING_MAX) refuse('The statement names too many payments.')
  const sums = new Map(assets.map((one) => [one.symbol, 0n]))
  const seen = new Set()
  for (const row of rows) {
    const [network, height] = [whole(row, 'network'), whole(row, 'height')]
    const symbol = member(row, 'symbol', 'string')
    const name = `${network} ${toHex(octets(row, 'txid'))} ${symbol}`
    if (seen.has(name) || !sums.has(symbol)) {
      refuse('The statement names a payment twice, or of an asset that it does not.')
    }
    seen.add(name)
    const top = heights.get(network) ?? 0
    if (!(top - LEAVING_BLOCKS_MAX < height && height <= top) || height === 0) {
      refuse('The statement names a payment of a block that it is not about.')
    }
    sums.set(symbol, sums.get(symbol) + amount(row, 'amount'))
  }
  for (const one of assets) {
    if (sums.get(one.symbol) !== one.leaving) {
      refuse(`${one.symbol}: the payments on their way are not those that are named.`)
    }
  }
}

function checkAges(reserves, ts, read, shows, signedMax) {
  const chains = texts(reserves, 'chains')
  if (!shows) return
  octets(reserves, 'evidence')
  if (!(read <= ts) || ts - read > READ_AGE_MAX_MS) {
    refuse('The reserves were read too long before the statement.')
  }
  if (chains.length === 0) refuse('The statement names reserves and no chain.')
  for (const chain of chains) {
    const [signed, name] = [whole(chain, 'signed'), member(chain, 'name', 'string').slice(0, 40)]
    octets(chain, 'block')
    whole(chain, 'height')
    if (!(signed <= ts) || ts - signed > signedMax) {
      refuse(`${name}: the signatures that show the reserves are too old.`)
    }
    if ('time' in chain) checkTime(whole(chain, 'time'), chain, ts)
  }
}

// That a chain's block is of about the statement's time, by the block's own header; `row` is what
// the statement says of the chain.
function checkTime(made, row, ts) {
  const name = member(row, 'name', 'string').slice(0, 40)
  if ('time' in row && whole(row, 'time') !== made) {
    refuse(`${name}: the block was made at another time than the statement says.`)
  }
  if (made < ts - BLOCK_AGE_MAX_MS) {
    refuse(`${name}: the block that was read was made too long before the statement.`)
  }
  if (made > ts + BLOCK_AHEAD_MAX_MS) {
    refuse(`${name}: the block that was read is said to be of a later time.`)
  }
}

export function ratio(reserves, users) {
  if (users === 0n) return ''
  const parts = (reserves * 10000n) / users
  return `${parts / 10000n}.${(parts % 10000n).toString().padStart(4, '0')}`
}

/** An amount in whole coins. */
export function decimal(units, decimals) {
  const scale = 10n ** BigInt(decimals)
  const rest = units % scale
  const tail = rest.toString().padStart(decimals, '0').replace(/0+$/, '')
  return decimals && tail ? `${units / scale}.${tail}` : (units / scale).toString()
}

// Receipts: what the exchange signed that an account is owed, at one place of its journal.

async function checkReceipt(document, key) {
  const receipt = member(document, 'receipt', 'object')
  if (whole(receipt, 'v') !== 1) {
    refuse('The receipt is of a version that this program does not know.')
  }
  const exchange = octets(receipt, 'exchange')
  if (key && toHex(exchange) !== key) refuse('The receipt is by another key than the one you gave.')
  const message = ascii(RECEIPT_TAG + canonical(receipt))
  if (!(await ed25519Holds(exchange, message, octets(document, 'signature', 64)))) {
    refuse("The receipt is not signed by the exchange's key.")
  }
  const claims = texts(receipt, 'claims').map((one) => ({
    symbol: member(one, 'symbol', 'string'),
    decimals: whole(one, 'decimals'),
    units: amount(one, 'claim'),
  }))
  if (claims.some((one) => !/^[A-Z0-9]{1,20}$/.test(one.symbol) || one.decimals > 30)) {
    refuse('The receipt names an asset that cannot be.')
  }
  if (new Set(claims.map((one) => one.symbol)).size !== claims.length) {
    refuse('The receipt names an asset twice.')
  }
  const names = ['sequence', 'time', 'since', 'epoch']
  const [sequence, time, since, epoch] = names.map((name) => whole(receipt, name))
  if (since > time) refuse('The receipt is of an account that changed after it.')
  const account = amount(receipt, 'account').toString()
  return { exchange: toHex(exchange), account, sequence, time, since, epoch, claims }
}

// That receipts and leaves of an account say the same wherever it did not change between; whether
// there were any to compare.
function checkReceipts(receipts, checked) {
  let isCompared = false
  if (new Set([...receipts, ...checked].map((one) => one.exchange)).size > 1) {
    refuse('The files are by two different keys.')
  }
  const ordered = [...receipts].sort((one, other) => one.sequence - other.sequence)
  for (const [place, one] of ordered.entries()) {
    for (const later of ordered.slice(place + 1)) {
      const isSame = later.sequence === one.sequence || later.since < one.time
      if (later.account === one.account && isSame) checkSame(one, later.claims)
    }
    for (const { leaf, statement } of checked) {
      checkOrder(one, statement)
      if (leaf?.account === one.account && mustAgree(one, leaf, statement)) {
        const claims = texts(statement, 'assets').map((row, asset) => ({
          symbol: member(row, 'symbol', 'string'),
          decimals: whole(row, 'decimals'),
          units: leaf.claims[asset],
        }))
        checkSame(one, claims)
        isCompared = true
      }
    }
  }
  return isCompared
}

// That a receipt names the newest statement of its place, or the one before that: the next one may
// be in the making while a receipt is signed.
function checkOrder(receipt, statement) {
  const epoch = whole(statement, 'epoch')
  const sequence = whole(member(statement, 'journal', 'object'), 'sequence')
  const isLater = epoch <= receipt.epoch && sequence > receipt.sequence
  if (isLater || (epoch >= receipt.epoch + 2 && sequence < receipt.sequence)) {
    refuse(
      `The exchange signed a receipt and statement ${epoch} in two different orders: keep the ` +
        'files, they are the proof.',
    )
  }
}

function owedBy(claims) {
  const owed = claims.filter(({ units }) => units > 0n)
  const rows = owed.map(({ symbol, decimals, units }) => `${units} ${decimals} ${symbol}`)
  return JSON.stringify([...new Set(rows)].sort())
}

// Whether the account did not change between a receipt and a leaf, by what both say.
function mustAgree(receipt, leaf, statement) {
  const journal = member(statement, 'journal', 'object')
  const [sequence, epoch] = [whole(journal, 'sequence'), whole(statement, 'epoch')]
  if (sequence <= receipt.sequence) {
    return sequence === receipt.sequence || receipt.since < whole(journal, 'time')
  }
  return leaf.epoch <= receipt.epoch && receipt.epoch < epoch
}

function checkSame(receipt, other) {
  if (owedBy(receipt.claims) !== owedBy(other)) {
    refuse(
      `The exchange signed two different balances of account ${receipt.account}: keep the files, ` +
        'they are the proof.',
    )
  }
}

// Several files.

async function checkPair(one, other) {
  if (one.exchange !== other.exchange) refuse('The files are by two different keys.')
  const [first, second] = [one.statement.epoch, other.statement.epoch]
  const [text, otherText] = [canonical(one.statement), canonical(other.statement)]
  if (first === second && text !== otherText) {
    refuse(
      `The exchange made two different statements for epoch ${first}: keep both files, they are ` +
        'the proof.',
    )
  }
  const follows = member(other.statement, 'previous', 'string') === toHex(await sha(ascii(text)))
  if (first + 1 === second && !follows) {
    refuse(`Statement ${second} does not follow statement ${first}.`)
  }
  checkVersions(one.statement, other.statement)
  checkFollowing(one.statement, other.statement)
  await checkNamedBefore(one.statement, other.statement)
  checkOwn(one.statement, other.statement)
  checkLows(one.statement, other.statement)
  checkGaps(one.statement, other.statement)
  for (const [here, there] of [
    [one.logged, other.logged],
    [other.logged, one.logged],
  ]) {
    for (const { size, root } of [there, there.earlier]) {
      if (here.size === size && here.root !== root) {
        refuse(`The exchange shows two different logs of ${size} entries.`)
      }
    }
  }
}

// What a statement says of each asset, nothing of it checked against anything.
function assetsOf(statement) {
  return texts(statement, 'assets').map((row) => ({
    symbol: member(row, 'symbol', 'string'),
    decimals: whole(row, 'decimals'),
    users: amount(row, 'users'),
    reserves: amount(row, 'reserves'),
    ...moreOf(row, statement),
  }))
}

// That a later statement says no less than an earlier one, and both of one beginning.
function checkVersions(older, newer) {
  const [first, second] = [whole(older, 'epoch'), whole(newer, 'epoch')]
  if (whole(older, 'v') > whole(newer, 'v') && first < second) {
    refuse(`Statement ${second} is of an older version than ${first}, and says less.`)
  }
  const named = [older, newer].map(({ addresses }) => addresses)
  const began = named
    .filter((one) => one !== null && typeof one === 'object' && !Array.isArray(one))
    .map((one) => whole(one, 'founded'))
  if (began.some((one) => one > whole(older, 'ts'))) {
    refuse(`Statements are said to have begun later than statement ${first}.`)
  }
  if (new Set(began).size > 1) {
    refuse(`Statements ${first} and ${second} say that they began at different times.`)
  }
}

// That a later statement is of a later time, and says so where it counts another contract.
function checkFollowing(older, newer) {
  const [first, second] = [whole(older, 'epoch'), whole(newer, 'epoch')]
  if (first >= second) return
  if (whole(newer, 'ts') < whole(older, 'ts')) {
    refuse(`Statement ${second} is said to be of before statement ${first}.`)
  }
  const nameOf = ({ network, symbol }) => `${network} ${symbol}`
  const was = new Map(contractsOf(older).map((one) => [nameOf(one), one]))
  for (const one of contractsOf(newer)) {
    const then = was.get(nameOf(one)) ?? one
    const isSame = one.contract === then.contract && one.decimals === then.decimals
    if (isSame || one.changed >= first) continue
    refuse(
      `${one.symbol} on ${one.chain}: statement ${second} counts another contract than ` +
        `statement ${first}, and does not say so.`,
    )
  }
}

// That an earlier statement has said what a later one says of it.
async function checkNamedBefore(older, newer) {
  const [named, first] = [newer.before, whole(older, 'epoch')]
  if (!isObject(named) || whole(named, 'epoch') !== first) return
  const lowest = new Map()
  for (const one of assetsOf(older)) lowest.set(one.symbol, one.lowest[0]?.reserves)
  const name = toHex(await sha(ascii(canonical(older))))
  const isSame = toHex(octets(named, 'statement')) === name
  const isOfThen = isSame && whole(named, 'ts') === whole(older, 'ts')
  const isThen = isOfThen && (!('gap' in named) || whole(named, 'gap') === gapsOf(older)['1'])
  if (!isThen || assetsOf(newer).some((one) => one.was && one.was !== lowest.get(one.symbol))) {
    refuse(`Statement ${newer.epoch} says something else of statement ${first} than it says.`)
  }
  checkReadBefore(older, newer)
}

// That chains were read below the payments of what an earlier statement is named for.
function checkReadBefore(older, newer) {
  const read = new Map()
  for (const one of texts(member(older, 'reserves', 'object'), 'chains')) {
    read.set(whole(one, 'network'), whole(one, 'height'))
  }
  const resting = assetsOf(newer).filter((one) => one.was)
  const names = new Set(resting.map((one) => one.symbol))
  for (const row of texts(newer, 'leaving')) {
    const [height, symbol] = [whole(row, 'height'), member(row, 'symbol', 'string')]
    if (names.has(symbol) && (read.get(whole(row, 'network')) ?? height) >= height) {
      refuse(
        `${symbol.slice(0, 20)}: statement ${older.epoch} is not of before the payments that ` +
          `statement ${newer.epoch} names.`,
      )
    }
  }
}

// That what is called the exchange's own token, and what counts, changes in the open only.
function checkOwn(older, newer) {
  const [first, second] = [whole(older, 'epoch'), whole(newer, 'epoch')]
  const was = new Map(assetsOf(older).map((one) => [one.symbol, one]))
  for (const one of assetsOf(newer)) {
    const then = was.get(one.symbol) ?? one
    const counts = one.own ? then.reserves : one.reserves
    if (one.own === then.own || one.reclassified >= first || !counts) continue
    const [calls, counting] = one.own ? [second, first] : [first, second]
    refuse(
      `${one.symbol.slice(0, 20)}: statement ${calls} calls it the exchange's own token, ` +
        `statement ${counting} counts coins of it.`,
    )
  }
}

// That the earlier statement, on which cover rests, is there to be compared.
function checkShownBefore({ statement, assets }, checked) {
  const lacks = ({ reserves, users, uncounted }) =>
    !uncounted && reserves + users / LEAVING_PART < users
  const resting = assets.find(lacks)
  if (!resting) return
  const epoch = whole(member(statement, 'before', 'object'), 'epoch')
  if (!checked.some((other) => other.statement.epoch === epoch)) {
    refuse(
      `${resting.symbol}: cover rests on statement ${epoch}, of before payments that are on their ` +
        `way: put /por/epochs/${epoch}.json beside it.`,
    )
  }
}

// That a statement does not hide that less was there in one of the days that it tells of.
function checkLows(older, newer) {
  if (whole(newer, 'v') === 1 || whole(older, 'epoch') >= whole(newer, 'epoch')) return
  const was = new Map(assetsOf(older).map((one) => [one.symbol, one]))
  for (const one of assetsOf(newer)) {
    const before = was.get(one.symbol)
    if (!before && !('gaps' in newer)) continue
    const then = before
      ? { ratio: shownParts(before), reserves: before.reserves }
      : { ratio: null, reserves: 0n }
    for (const [place, days] of WINDOWS.entries()) {
      const found = one.lowest[place]
      if (whole(newer, 'ts') - whole(older, 'ts') > Number(days) * DAY_MS) continue
      const isMissing = found.ratio === null && then.ratio !== null && !one.uncounted
      if (isMissing || found.reserves > then.reserves || isAbove(found, then)) {
        refuse(
          `${one.symbol.slice(0, 20)}: statement ${newer.epoch} hides that less was there ` +
            `${within(days)}: see statement ${older.epoch}.`,
        )
      }
    }
  }
}

const within = (days) => (days === '1' ? 'in the last day' : `in the last ${days} days`)

// That a statement does not hide for how long there was none in its days: their numbers say how many
// there were between two, so how long one time at least was.
function checkGaps(older, newer) {
  const steps = whole(newer, 'epoch') - whole(older, 'epoch')
  const between = whole(newer, 'ts') - whole(older, 'ts')
  if (steps <= 0) return
  for (const [days, gap] of Object.entries(gapsOf(newer))) {
    if (Math.min(between, Number(days) * DAY_MS) > gap * steps) {
      refuse(
        `Statement ${newer.epoch} hides for how long none was made ${within(days)}: ` +
          `see statement ${older.epoch}.`,
      )
    }
  }
}

async function checkConsistency(document, checked) {
  const [first, second] = [whole(document, 'first'), whole(document, 'second')]
  const [older, newer] = [octets(document, 'firstRoot'), octets(document, 'secondRoot')]
  const path = texts(document, 'proof').map((one) => octetsOf(one, 'proof'))
  if (!(await consistent(first, second, older, newer, path))) {
    refuse('The log was rewritten: it does not begin with the earlier log.')
  }
  const known = new Map(checked.map((one) => [one.logged.size, one.logged.root]))
  const differs = (size, root) => known.has(size) && known.get(size) !== toHex(root)
  if (differs(first, older) || differs(second, newer)) {
    refuse("The consistency proof is of another log than the bundles'.")
  }
  if (!known.has(first) || !known.has(second)) {
    refuse("The consistency proof is of other sizes than the bundles' logs.")
  }
}

/**
 * Everything that the files (as texts) say, and that they say it together. What comes back are the
 * bundles, or the receipts where there is nothing else. `now` is the reader's clock in ms, if that is
 * to be believed.
 */
export async function checkFiles(contents, key = '', say = () => {}, now = null) {
  const documents = contents.map(load)
  const bundles = documents.filter((one) => 'statement' in one)
  const given = documents.flatMap(receiptsIn)
  const kept = given.filter((one) => !isReceipt(one))
  const signed = []
  for (const one of [...documents, ...given].filter(isReceipt)) {
    signed.push(await checkReceipt(one, key))
  }
  if (bundles.length === 0 && kept.length === 0 && signed.length === 0) {
    refuse('None of the files is a bundle or a statement.')
  }
  const [checked, receipts] = [[], []]
  for (const one of bundles) checked.push(await checkBundle(one, key, say))
  for (const one of kept) receipts.push(await checkKept(one, key, signed.length > 0))
  const byEpoch = (one, other) => one.statement.epoch - other.statement.epoch
  const all = [...checked, ...receipts].sort(byEpoch)
  for (const [place, one] of all.entries()) {
    for (const other of all.slice(place + 1)) await checkPair(one, other)
  }
  if (now !== null) for (const one of all) checkNow(one.statement, now)
  if (checkReceipts(signed, all)) say('receipts')
  if (kept.length) say('history')
  const isList = (one) => 'addresses' in one && !('statement' in one)
  const lists = documents.filter(isList)
  for (const document of documents) {
    if ('firstRoot' in document) await checkConsistency(document, all)
    else if ('chains' in document) {
      checkShownBefore(await checkEvidence(document, checked), checked)
      say('evidence')
    } else if (isList(document)) await checkAddresses(document, checked)
    else if (!isReceipt(document) && !('statement' in document || 'receipts' in document)) {
      refuse('One of the files is neither bundle, evidence nor consistency proof.')
    }
  }
  const evidence = documents.filter((one) => 'chains' in one && !('statement' in one))
  const of = []
  for (const one of lists) of.push([await checkAddresses(one, checked), one])
  await checkLists(of, evidence)
  return checked.length ? checked.sort(byEpoch) : receipts
}

// That a statement is not dated ahead, so that it looks new when the exchange is gone.
function checkNow(statement, now) {
  if (whole(statement, 'ts') > now + CLOCK_BEHIND_MAX_MS) {
    const epoch = whole(statement, 'epoch')
    refuse(`Statement ${epoch} is of a time to come, by this computer's clock.`)
  }
}

/** Whether a document is a receipt, and no statement. */
function isReceipt(document) {
  return isObject(document) && 'receipt' in document && !('statement' in document)
}

// With its leaf where that is to be compared with receipts.
async function checkKept(bundle, key, hasReceipts) {
  const said = await checkStatement(bundle, key)
  if (!hasReceipts || bundle.proof === null || bundle.proof === undefined) return said
  return { ...said, leaf: await checkLeaf(bundle.proof, said.statement, 'Your') }
}

/** Bundles and receipts that were kept: of them only counts whether they contradict anything. */
function receiptsIn(document) {
  if (!('receipts' in document) || 'statement' in document) return []
  const kept = texts(document, 'receipts')
  if (kept.length > RECEIPTS_MAX) refuse('The file holds too many receipts.')
  return kept
}

// Reserves: signatures of keys, and what chains say of them.

const MASK = 2n ** 64n - 1n
const ROUNDS = (
  '0000000000000001 0000000000008082 800000000000808a 8000000080008000 000000000000808b ' +
  '0000000080000001 8000000080008081 8000000000008009 000000000000008a 0000000000000088 ' +
  '0000000080008009 000000008000000a 000000008000808b 800000000000008b 8000000000008089 ' +
  '8000000000008003 8000000000008002 8000000000000080 000000000000800a 800000008000000a ' +
  '8000000080008081 8000000000008080 0000000080000001 8000000080008008'
)
  .split(' ')
  .map((one) => BigInt(`0x${one}`))
const TURNS = [
  1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
].map(BigInt)
const LANES = [
  10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
]
const turned = (value, by) => ((value << by) | (value >> (64n - by))) & MASK

function keccakF(a) {
  for (const constant of ROUNDS) {
    const c = [0, 1, 2, 3, 4].map((x) => a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20])
    for (let x = 0; x < 5; x += 1) {
      const d = c[(x + 4) % 5] ^ turned(c[(x + 1) % 5], 1n)
      for (let y = x; y < 25; y += 5) a[y] ^= d
    }
    let last = a[1]
    for (const [place, lane] of LANES.entries()) {
      ;[a[lane], last] = [turned(last, TURNS[place]), a[lane]]
    }
    for (let y = 0; y < 25; y += 5) {
      const row = a.slice(y, y + 5)
      for (let x = 0; x < 5; x += 1) {
        a[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & MASK)
      }
    }
    a[0] ^= constant
  }
}

/** As Ethereum uses it. */
export function keccak256(data) {
  const padded = new Uint8Array((Math.floor(data.length / 136) + 1) * 136)
  padded.set(data)
  padded[data.length] = 1
  padded[padded.length - 1] |= 0x80
  const state = new Array(25).fill(0n)
  const view = new DataView(padded.buffer)
  for (let start = 0; start < padded.length; start += 136) {
    for (let lane = 0; lane < 17; lane += 1)
      state[lane] ^= view.getBigUint64(start + 8 * lane, true)
    keccakF(state)
  }
  const made = new DataView(new ArrayBuffer(32))
  for (let lane = 0; lane < 4; lane += 1) made.setBigUint64(8 * lane, state[lane], true)
  return new Uint8Array(made.buffer)
}

const Q = 2n ** 256n - 2n ** 32n - 977n
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const G = [
  0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  1n,
]

function twice([x, y, z]) {
  const yy = (y * y) % Q
  const [s, m] = [(4n * x * yy) % Q, (3n * x * x) % Q]
  const x3 = mod(m * m - 2n * s, Q)
  return [x3, mod(m * (s - x3) - 8n * yy * yy, Q), (2n * y * z) % Q]
}

function plus(one, other) {
  if (!one[2]) return other
  if (!other[2]) return one
  const [zz1, zz2] = [(one[2] * one[2]) % Q, (other[2] * other[2]) % Q]
  const [u1, u2] = [(one[0] * zz2) % Q, (other[0] * zz1) % Q]
  const [s1, s2] = [(one[1] * zz2 * other[2]) % Q, (other[1] * zz1 * one[2]) % Q]
  if (u1 === u2) return s1 === s2 ? twice(one) : [0n, 1n, 0n]
  const [h, r] = [u2 - u1, s2 - s1]
  const hh = (h * h) % Q
  const [hhh, v] = [(h * hh) % Q, (u1 * hh) % Q]
  const x = mod(r * r - hhh - 2n * v, Q)
  return [x, mod(r * (v - x) - s1 * hhh, Q), mod(h * one[2] * other[2], Q)]
}

const NONE = 'A signature over an address is none.'

/** The point of the curve with this x; null where there is none. */
function lifted(x, parity) {
  if (x < 0n || x >= Q) return null
  const square = mod(x ** 3n + 7n, Q)
  const y = power(square, (Q + 1n) / 4n, Q)
  if ((y * y) % Q !== square) return null
  return [x, (y & 1n) === BigInt(parity) ? y : Q - y]
}

/** u1 * G + u2 * point; null for the point at infinity. */
function addedUp(u1, u2, [px, py]) {
  const point = [px, py, 1n]
  const choices = [null, G, point, plus(G, point)]
  let found = [0n, 1n, 0n]
  for (let bit = 255n; bit >= 0n; bit -= 1n) {
    found = twice(found)
    const which = Number(((u1 >> bit) & 1n) | (((u2 >> bit) & 1n) << 1n))
    if (which) found = plus(found, choices[which])
  }
  if (!found[2]) return null
  const z = power(found[2], Q - 2n, Q)
  return [(found[0] * z * z) % Q, (found[1] * z * z * z) % Q]
}

function signerOf(digest, r, s, parity) {
  const point = r > 0n && r < N && s > 0n && s < N ? lifted(r, parity) : null
  if (!point) refuse(NONE)
  const inverse = power(r, N - 2n, N)
  const found = addedUp(mod(-number(digest) * inverse, N), (s * inverse) % N, point)
  if (!found) refuse(NONE)
  return found
}

const UNKNOWN_ADDRESS = 'An address is of a kind that this program does not know.'
const SAID =
  /^Fullreserve reserves\/([12]) exchange=([0-9a-f]{64}) address=([!-~]{1,128}) network=(\d{1,20}) height=(\d{1,20}) block=([0-9a-f]{64}) at=(\d{1,20})(?: until=([1-9]\d{0,19}))?$/

// What a message of ownership says; `until` is null in messages of the first form.
function readSaid(message) {
  const found = SAID.exec(message)
  if (!found || (found[1] === '2') !== (found[8] !== undefined)) refuse(OTHER_MESSAGE)
  const [, , exchange, address, network, height, block, at, until] = found
  const ends = until === undefined ? null : BigInt(until)
  const numbers = { network: BigInt(network), height: BigInt(height), at: BigInt(at) }
  return { exchange, address, block, until: ends, ...numbers }
}

async function checkEvidence(document, all) {
  const name = toHex(await sha(ascii(canonical(document))))
  const checked = all.find((one) => one.statement.reserves.evidence === name)
  if (!checked) refuse('The evidence is not the one that the statement names.')
  const rows = texts(member(checked.statement, 'reserves', 'object'), 'chains')
  const chains = texts(document, 'chains')
  const numbers = (of) => of.map((one) => whole(one, 'network')).join()
  if (numbers(rows) !== numbers(chains)) {
    refuse('The evidence is of other chains than the statement.')
  }
  const empty = () => new Map(checked.assets.map((one) => [one.symbol, 0n]))
  const [totals, young] = [empty(), empty()]
  const scales = new Map(checked.assets.map((one) => [one.symbol, one.decimals]))
  const seen = new Set()
  for (const [place, chain] of chains.entries()) {
    const decimals = decimalsOn(chain)
    checkContracts(rows[place], chain, checked.statement)
    const shown = await checkChain(chain, rows[place], checked, seen)
    const late = checkAnnounced(chain, checked.statement)
    for (const [sums, found] of [
      [totals, shown],
      [young, late],
    ]) {
      for (const [symbol, units] of found) {
        if (!sums.has(symbol)) {
          refuse('The evidence is of an asset that the statement does not name.')
        }
        const scaled = (units * 10n ** BigInt(scales.get(symbol))) / 10n ** decimals.get(symbol)
        sums.set(symbol, sums.get(symbol) + scaled)
      }
    }
  }
  for (const one of checked.assets) {
    if (totals.get(one.symbol) !== one.reserves) {
      refuse(`${one.symbol}: the evidence shows other reserves than stated.`)
    }
    if (young.get(one.symbol) !== one.young) {
      refuse(`${one.symbol}: other sums than stated are at addresses published lately.`)
    }
  }
  return checked
}

// That the contracts of the evidence are each counted once, and those that its statement names. One
// contract under two names would be there twice.
function checkContracts(row, chain, statement) {
  const isNew = whole(statement, 'v') > 3
  const namesOf = (tokens) =>
    tokens.map((one) => {
      const contract = toHex(octets(one, 'contract', 20))
      return { contract, name: `${member(one, 'symbol', 'string')} ${whole(one, 'decimals')}` }
    })
  const [shown, stated] = [texts(chain, 'tokens'), isNew ? texts(row, 'tokens') : []].map(namesOf)
  if (new Set(shown.map(({ contract }) => contract)).size !== shown.length) {
    refuse('The evidence counts a contract twice.')
  }
  const text = (all) => all.map(({ contract, name }) => `${contract} ${name}`).join()
  if (isNew && text(stated) !== text(shown)) {
    const name = member(row, 'name', 'string').slice(0, 40)
    refuse(`${name}: the statement names other contracts than its evidence counts.`)
  }
}

// What stands at deposit addresses that are published only lately; no wallet's may count.
function checkAnnounced(chain, statement) {
  const late = new Map()
  if (whole(statement, 'v') === 1) return late
  const known = member(statement, 'addresses', 'object')
  const read = whole(member(statement, 'reserves', 'object'), 'read')
  const old = Math.max(read - whole(known, 'wait'), whole(known, 'founded') + FOUNDING_MS)
  for (const place of texts(chain, 'places')) {
    const since = whole(place, 'since')
    // Not held against `read`, which is that of the chain that was read first.
    if (since > whole(statement, 'ts')) refuse('An address is published later than the statement.')
    for (const coin of 'coins' in place ? texts(place, 'coins') : []) {
      if (whole(coin, 'height') > whole(chain, 'height')) {
        refuse('A coin is of a later block than the statement.')
      }
    }
    if (since <= old) continue
    if (member(place, 'tier', 'string') !== 'deposit') {
      refuse(`${place.address}: the address is published too lately to count.`)
    }
    for (const [symbol, text] of Object.entries(member(place, 'amounts', 'object'))) {
      late.set(symbol, (late.get(symbol) ?? 0n) + amountOf(text, 'amounts'))
    }
  }
  return late
}

// That a list of addresses is the one that a statement names.
async function checkAddresses(document, checked) {
  const name = toHex(await sha(ascii(canonical(document))))
  const rows = texts(document, 'addresses')
  for (const one of checked) {
    const said = one.statement.addresses
    if (isObject(said) && said.list === name) {
      const isSame = ['founded', 'wait'].every((key) => whole(said, key) === whole(document, key))
      if (!isSame || whole(said, 'count') !== rows.length) {
        refuse('The list of addresses says something else than its statement.')
      }
      return one
    }
  }
  return refuse('The list of addresses is not one that a statement names.')
}

function sinceByAddress(document) {
  const found = new Map()
  for (const row of texts(document, 'addresses')) {
    const name = `${whole(row, 'network')} ${member(row, 'address', 'string')}`
    if (found.has(name)) refuse('The list of addresses has one twice.')
    found.set(name, whole(row, 'since'))
  }
  return found
}

const addressIn = (name) => name.slice(name.indexOf(' ') + 1).slice(0, 100)

// That lists of addresses tell one story, and what is shown was published when it is said.
async function checkLists(lists, evidence) {
  const epochOf = ([{ statement }]) => whole(statement, 'epoch')
  const ordered = [...lists].sort((one, other) => epochOf(one) - epochOf(other))
  for (const [place, [{ statement }, document]] of ordered.entries()) {
    const [before, ts] = [sinceByAddress(document), whole(statement, 'ts')]
    for (const [, later] of ordered.slice(place + 1)) {
      for (const [name, since] of sinceByAddress(later)) {
        if (since < ts && (before.get(name) ?? ts) > since) {
          refuse(`${addressIn(name)}: the address was not yet in a list of after that time.`)
        }
      }
    }
    for (const one of evidence) {
      const shown = member(statement, 'reserves', 'object').evidence
      if (toHex(await sha(ascii(canonical(one)))) === shown) checkListed(one, before)
    }
  }
}

function checkListed(evidence, since) {
  for (const chain of texts(evidence, 'chains')) {
    for (const place of texts(chain, 'places')) {
      const name = `${whole(chain, 'network')} ${member(place, 'address', 'string')}`
      if (since.get(name) !== whole(place, 'since')) {
        refuse(`${addressIn(name)}: the list of addresses does not have it so.`)
      }
    }
  }
}

// In how many parts chains themselves have their coins; of tokens only a node tells.
const COIN_DECIMALS = new Map([
  ['utxo', 8],
  ['evm', 18],
])

function decimalsOn(chain) {
  const [coin, tokens] = [member(chain, 'coin', 'object'), texts(chain, 'tokens')]
  const digits = whole(coin, 'decimals')
  if ((COIN_DECIMALS.get(member(chain, 'kind', 'string')) ?? digits) !== digits) {
    const symbol = member(coin, 'symbol', 'string').slice(0, 20)
    refuse(`${symbol}: the chain has this coin in other parts.`)
  }
  const all = [coin, ...tokens]
  const made = new Map(all.map((one) => [member(one, 'symbol', 'string'), whole(one, 'decimals')]))
  if (made.size !== all.length || [...made.values()].some((digits) => digits > 60)) {
    refuse('The evidence names an asset of a chain twice.')
  }
  return new Map([...made].map(([symbol, digits]) => [symbol, BigInt(digits)]))
}

async function checkChain(chain, row, checked, seen) {
  const header = octetsOf(member(chain, 'header', 'string'), 'header', null)
  const [height, block] = [whole(chain, 'height'), octets(chain, 'block')]
  if (height !== whole(row, 'height') || !same(block, octets(row, 'block'))) {
    refuse('The evidence is of another block than the statement.')
  }
  const kind = member(chain, 'kind', 'string')
  if (kind === 'utxo') return checkCoins(chain, row, checked, seen)
  if (kind !== 'evm') {
    refuse('The evidence is of a kind of chain that this program does not know.')
  }
  const fields = rlp(header)
  if (!same(keccak256(header), block) || !Array.isArray(fields) || fields.length < 15) {
    refuse("The block's header does not have the block's hash.")
  }
  const hex = height ? height.toString(16) : ''
  if (Array.isArray(fields[8]) || toHex(fields[8]) !== (hex.length % 2 ? `0${hex}` : hex)) {
    refuse('The block is of another height.')
  }
  const seconds = Array.isArray(fields[11]) ? new Uint8Array() : fields[11].slice(0, 6)
  checkTime(Number(number(seconds)) * 1000, row, whole(checked.statement, 'ts'))
  const nodes = new Map()
  for (const text of texts(chain, 'nodes')) {
    const node = octetsOf(text, 'nodes', null)
    nodes.set(toHex(keccak256(node)), node)
  }
  const root = Array.isArray(fields[3]) ? new Uint8Array() : fields[3]
  const of = { chain, nodes, root, height, signed: whole(row, 'signed'), checked }
  const totals = new Map()
  for (const place of texts(chain, 'places')) {
    const account = checkPlace(place, of)
    // Two networks may be one chain: its own number counts, and its block, which is proven.
    for (const where of [`${whole(chain, 'chainId')}`, toHex(block)]) {
      const key = `${where}:${toHex(account)}`
      if (seen.has(key)) refuse('The evidence counts an address twice.')
      seen.add(key)
    }
    for (const [symbol, units] of held(place, of, account)) {
      totals.set(symbol, (totals.get(symbol) ?? 0n) + units)
    }
  }
  return totals
}

function checkSaid(place, of) {
  const address = member(place, 'address', 'string')
  const message = member(place, 'message', 'string')
  const said = readSaid(message)
  const isOurs = said.exchange === of.checked.exchange && said.address === address
  if (!isOurs || said.network !== BigInt(whole(of.chain, 'network'))) {
    refuse(`${address}: the signature is for something else.`)
  }
  const [from, to] = [BigInt(of.signed), BigInt(of.checked.statement.ts)]
  if (said.height > BigInt(of.height) || said.at < from || said.at > to) {
    refuse(`${address}: the signature is older than the statement says.`)
  }
  const until = said.until ?? said.at + BigInt(DAY_MS)
  if (to > until || until > said.at + BigInt(SIGNED_AGE_MAX_MS)) {
    refuse(`${address}: the signature has run out, or is for more than 30 days.`)
  }
  return message
}

function checkPlace(place, of) {
  const address = member(place, 'address', 'string')
  const account = octetsOf(address.slice(2).toLowerCase(), 'address', 20)
  if (!address.startsWith('0x')) refuse(UNKNOWN_ADDRESS)
  const message = checkSaid(place, of)
  const form = 'form' in place ? place.form : 'eip191'
  if (form === 'eip1271') {
    checkSafe(place, of, account, message)
    return account
  }
  if (form !== 'eip191' && form !== 'eip712') refuse(UNKNOWN_FORM)
  const signatures = texts(place, 'signatures')
  if (signatures.length !== 1) refuse(`${address}: an account is signed for by its one key.`)
  const digest = form === 'eip191' ? saidDigest(message) : typedDigest(message, of.chain)
  if (!same(accountSigner(signatures[0], digest, address), account)) {
    refuse(`${address}: the signature is by another key.`)
  }
  return account
}

const UNKNOWN_FORM = 'An address is signed for in a form that this program does not know.'
const OTHER_MESSAGE = 'An address is signed for with another message than one of ownership.'

function saidDigest(message) {
  const text = ascii(message)
  return keccak256(joined(ascii(`\x19Ethereum Signed Message:\n${text.length}`), text))
}

const DOMAIN = 'EIP712Domain(string name,string version,uint256 chainId)'
const OWNERSHIP =
  'Ownership(bytes32 exchange,address account,uint256 network,uint256 height,bytes32 block,' +
  'uint256 at'
const SAFE_DOMAIN = 'EIP712Domain(uint256 chainId,address verifyingContract)'
const hashOf = (text) => keccak256(ascii(text))
const hashed = (...parts) => keccak256(joined(...parts))
const typed = (domain, struct) => hashed(Uint8Array.of(0x19, 1), domain, struct)

function word(value) {
  if (value >= 1n << 256n) refuse(OTHER_MESSAGE)
  return bigEndian(value, 32)
}

// EIP-712: what the message says, as fields that a signer's device shows.
function typedDigest(message, chain) {
  const said = readSaid(message)
  const isFirst = said.until === null
  const version = hashOf(isFirst ? '1' : '2')
  const text = octetsOf(said.address.slice(2).toLowerCase(), 'address', 20)
  const account = joined(new Uint8Array(12), text)
  const [on, high, at] = [said.network, said.height, said.at].map(word)
  const fields = [fromHex(said.exchange), account, on, high, fromHex(said.block), at]
  if (!isFirst) fields.push(word(said.until))
  const kind = hashOf(`${OWNERSHIP}${isFirst ? ')' : ',uint256 until)'}`)
  const id = word(BigInt(whole(chain, 'chainId')))
  const domain = hashed(hashOf(DOMAIN), hashOf('Fullreserve reserves'), version, id)
  return typed(domain, hashed(kind, ...fields))
}

function accountSigner(text, digest, address) {
  const made = octetsOf(text, 'signatures', 65)
  if (made[64] !== 27 && made[64] !== 28) refuse(`${address}: the signature is none.`)
  const [r, s] = [number(made.slice(0, 32)), number(made.slice(32, 64))]
  const [x, y] = signerOf(digest, r, s, made[64] - 27)
  return hashed(bigEndian(x, 32), bigEndian(y, 32)).slice(12)
}

// Hashes of the code of Safe 1.5.0, 1.4.1 and 1.3.0, as their packages have it: the proxy, and what
// proxies run, each with its variant that logs more. All keep owners in the same slots.
const SAFE_PROXIES = [
  '4e381985ca68b3e5d27b4425fa581c19cf33146d3f887a3cfca96f55528ea46f',
  'd7d408ebcd99b2b70be43e20253d6d92a8ea8fab29bd3be7f55b10032331fb4c',
  'b89c1b3bdf2cf8827818646bce9a8f6e372885f8c55e5c07acbd307cb133b000',
]
const SAFES = [
  'dda019cbd7c867a533a2a86e5c53434fdc50b13122b5a5ddb4a8df61b31c20f2',
  '180193227186ccb85316c94db1f0d156ed932b14712cfaac78901899178572dc',
  '1fe2df852ba3299d6534ef416eefa406e56ced995bca886ab7a553e6d0c5e1c4',
  'b1f926978a0f44a2c0ec8fe822418ae969bd8c3f18d61e5103100339894f81ff',
  'bba688fbdb21ad2bb58bc320638b43d94e7d100f6f3ebaab0a4e4de6304b1c2e',
  '21842597390c4c6e3c1239e434a682b054bd9548eee5e9b1d6a4482731023c0f',
]

// What a Safe's owners sign so that it answers yes by EIP-1271 to the message's EIP-191 hash.
function safeDigest(message, account, chain) {
  const id = word(BigInt(whole(chain, 'chainId')))
  const domain = hashed(hashOf(SAFE_DOMAIN), id, new Uint8Array(12), account)
  const said = hashed(hashOf('SafeMessage(bytes message)'), keccak256(saidDigest(message)))
  return typed(domain, said)
}

function checkSafe(place, of, account, message) {
  const address = member(place, 'address', 'string')
  const [, , storage, code] = accountOf(of, account)
  const run = word(slotOf(of, storage, word(0n))).slice(12)
  const isKnown = SAFE_PROXIES.includes(toHex(code))
  if (!isKnown || !SAFES.includes(toHex(accountOf(of, run)[3]))) {
    refuse(`${address}: the account is no Safe that this program knows.`)
  }
  const [digest, owners] = [safeDigest(message, account, of.chain), new Set()]
  for (const one of texts(place, 'signatures')) {
    const owner = accountSigner(one, digest, address)
    if (!slotOf(of, storage, hashed(new Uint8Array(12), owner, word(2n)))) {
      refuse(`${address}: the signature is by another key.`)
    }
    owners.add(toHex(owner))
  }
  const needed = slotOf(of, storage, word(4n))
  if (needed < 1n || needed > BigInt(owners.size)) {
    refuse(`${address}: fewer owners signed than the Safe needs.`)
  }
}

function slotOf(of, storage, key) {
  return number(bytesOf(rlp(walk(of.nodes, storage, keccak256(key)))))
}

// Chains of Bitcoin's family. That the exchange holds the keys is shown here; that the coins are
// there, and unspent, only a node tells: no block has a root of what is unspent.

const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
const COMPACT = 31
const twiceSha = async (data) => sha(await sha(data))

async function checkCoins(chain, row, checked, seen) {
  const header = octets(chain, 'header', 80)
  if (!same((await twiceSha(header)).reverse(), octets(chain, 'block'))) {
    refuse("The block's header does not have the block's hash.")
  }
  const seconds = Number(number(header.slice(68, 72).reverse()))
  checkTime(seconds * 1000, row, whole(checked.statement, 'ts'))
  const hrp = member(chain, 'hrp', 'string')
  const coin = member(member(chain, 'coin', 'object'), 'symbol', 'string')
  const of = { chain, height: whole(chain, 'height'), signed: whole(row, 'signed'), checked }
  let total = 0n
  for (const place of texts(chain, 'places')) {
    await checkScriptPlace(place, of, hrp)
    let sum = 0n
    for (const [name, units] of coinsOf(place)) {
      // By the outpoint alone: nothing shows which chain's the beginnings of addresses are.
      if (seen.has(` ${name}`)) refuse('The evidence counts a coin twice.')
      seen.add(` ${name}`)
      sum += units
    }
    const amounts = Object.entries(member(place, 'amounts', 'object'))
    if (amounts.length !== 1 || amounts[0][0] !== coin || amounts[0][1] !== `${sum}`) {
      refuse(`${coin.slice(0, 20)}: an address has other coins than its amount says.`)
    }
    total += sum
  }
  return new Map([[coin, total]])
}

function coinsOf(place) {
  return texts(place, 'coins').map((one) => {
    const outpoint = member(one, 'outpoint', 'string')
    if (!/^[0-9a-f]{64}:(0|[1-9][0-9]{0,8})$/.test(outpoint)) {
      refuse('"outpoint" names no output of a transaction.')
    }
    return [outpoint, amount(one, 'amount')]
  })
}

async function checkScriptPlace(place, of, hrp) {
  const address = member(place, 'address', 'string')
  const message = checkSaid(place, of)
  const form = 'form' in place ? place.form : 'keys'
  if (form === 'keys') await checkKeys(place, address, hrp, message)
  else if (form === 'bip137') await checkBip137(place, address, hrp, message)
  else if (form === 'bip322') await checkBip322(place, address, hrp, message)
  else refuse(UNKNOWN_FORM)
}

async function checkKeys(place, address, hrp, message) {
  const script = octetsOf(member(place, 'script', 'string'), 'script', null)
  if (!same(await scriptOf(hrp, address), joined(Uint8Array.of(0, 32), await sha(script)))) {
    refuse(`${address.slice(0, 100)}: the script is another address's.`)
  }
  const [needed, keys] = keysOf(script)
  const digest = await twiceSha(messageOf(hrp, message))
  const made = new Set(texts(place, 'signatures').map((one) => compactSigner(one, digest)))
  if ([...made].some((one) => !keys.includes(one))) {
    refuse(`${address}: the signature is by another key.`)
  }
  if (made.size < needed) refuse(`${address}: fewer keys signed than the script needs.`)
}

function theOne(place, address) {
  const signatures = texts(place, 'signatures')
  if (signatures.length !== 1) refuse(`${address}: this form has one signature.`)
  return signatures[0]
}

// One key: the first byte says of which kind its address is (BIP 137).
async function checkBip137(place, address, hrp, message) {
  const made = octetsOf(theOne(place, address), 'signatures', 65)
  const [kind, parity] = [Math.floor((made[0] - 27) / 4), (made[0] - 27) % 4]
  if (kind < 0 || kind > 3 || parity > 1) refuse(NONE)
  const [r, s] = [number(made.slice(1, 33)), number(made.slice(33))]
  const [x, y] = signerOf(await twiceSha(messageOf(hrp, message)), r, s, parity)
  const long = joined(Uint8Array.of(4), bigEndian(x, 32), bigEndian(y, 32))
  const short = joined(Uint8Array.of(Number(2n + (y % 2n))), bigEndian(x, 32))
  const name = await hash160(kind === 0 ? long : short)
  const [toKey, toWitness] = [keyScript(name), joined(Uint8Array.of(0, 20), name)]
  const wrapped = hashScript(await hash160(toWitness))
  if (!same(await scriptOf(hrp, address), [toKey, toKey, wrapped, toWitness][kind])) {
    refuse(`${address}: the signature is by another key.`)
  }
}

// Whatever can pay from an address can sign for it, but not only later.
async function checkBip322(place, address, hrp, message) {
  const proof = theOne(place, address)
  if (typeof proof !== 'string') refuse(NONE)
  const signing = await bip322(await scriptOf(hrp, address), ascii(message), proof)
  if (!signing) refuse(`${address}: the signature does not hold.`)
  if (signing.sequence || signing.lock) {
    refuse(`${address}: who signed could pay from it only later.`)
  }
}

function compactSigner(text, digest) {
  const made = octetsOf(text, 'signatures', 65)
  if (made[0] !== COMPACT && made[0] !== COMPACT + 1) refuse(NONE)
  const [r, s] = [number(made.slice(1, 33)), number(made.slice(33))]
  const [x, y] = signerOf(digest, r, s, BigInt(made[0] - COMPACT))
  return toHex(joined(Uint8Array.of(Number(2n + (y % 2n))), bigEndian(x, 32)))
}

function messageOf(hrp, message) {
  const name = ['ltc', 'tltc', 'rltc'].includes(hrp) ? 'Litecoin' : 'Bitcoin'
  return joined(sized(ascii(`${name} Signed Message:\n`)), sized(ascii(message)))
}

function keysOf(script) {
  const count = Math.floor((script.length - 3) / 34)
  const text = toHex(script)
  const keys = []
  for (let at = 0; at < count; at += 1) keys.push(text.slice(4 + 68 * at, 70 + 68 * at))
  const tail = count > 0 && count <= 16 ? `${(0x50 + count).toString(16)}ae` : ''
  const needed = script.length ? script[0] - 0x50 : 0
  const written = text.slice(0, 2) + keys.map((one) => `21${one}`).join('') + tail
  const isSound = needed >= 1 && needed <= count && new Set(keys).size === count
  if (!tail || text !== written || !isSound) {
    refuse("An address's script is of a kind that this program does not know.")
  }
  return [needed, keys]
}

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const BECH32M = 0x2bc830a3
// First bytes of addresses to a key and to a script, by how segregated addresses begin.
const VERSIONS = new Map([
  ['bc', [0, 5]],
  ['tb', [111, 196]],
  ['bcrt', [111, 196]],
  ['ltc', [48, 50]],
  ['tltc', [111, 58]],
  ['rltc', [111, 58]],
])
const keyScript = (name) => joined(fromHex('76a914'), name, fromHex('88ac'))
const hashScript = (name) => joined(fromHex('a914'), name, fromHex('87'))

/** The output script that an address names (BIP 173, BIP 350, Base58Check). */
export async function scriptOf(hrp, address) {
  if (/^[a-z]{1,10}$/.test(hrp) && address.startsWith(`${hrp}1`)) {
    const [version, program] = segregated(hrp, address.slice(hrp.length + 1))
    return joined(Uint8Array.of(version && 0x50 + version, program.length), program)
  }
  const [kind, name] = await ofBase58(address)
  const [toKey, toScript] = VERSIONS.get(hrp) ?? []
  if (kind === toKey) return keyScript(name)
  if (kind === toScript) return hashScript(name)
  return refuse(UNKNOWN_ADDRESS)
}

function segregated(hrp, text) {
  const isText = text.length >= 8 && text.length <= 80
  if (!isText || [...text].some((one) => !BECH32.includes(one))) refuse(UNKNOWN_ADDRESS)
  const values = [...text].map((one) => BECH32.indexOf(one))
  const letters = [...hrp].map((one) => one.codePointAt(0))
  let check = 1
  const high = letters.map((one) => one >> 5)
  const low = letters.map((one) => one & 31)
  for (const value of [...high, 0, ...low, ...values]) {
    const top = check >> 25
    check = ((check & 0x1ffffff) << 5) ^ value
    for (const [bit, mask] of GENERATOR.entries()) check ^= (top >> bit) & 1 ? mask : 0
  }
  const bits = 5 * (values.length - 7)
  const [length, spare] = [Math.floor(bits / 8), bits % 8]
  const program = values.slice(1, -6).reduce((sum, one) => (sum << 5n) | BigInt(one), 0n)
  const kinds = ['0 1 20', '0 1 32', `1 ${BECH32M} 32`]
  const isKnown = kinds.includes(`${values[0]} ${check} ${length}`)
  if (!isKnown || spare > 4 || program & ((1n << BigInt(spare)) - 1n)) refuse(UNKNOWN_ADDRESS)
  return [values[0], bigEndian(program >> BigInt(spare), length)]
}

async function ofBase58(text) {
  const isText = text.length >= 26 && text.length <= 35
  if (!isText || [...text].some((one) => !BASE58.includes(one))) refuse(UNKNOWN_ADDRESS)
  let value = 0n
  for (const letter of text) value = value * 58n + BigInt(BASE58.indexOf(letter))
  if (value >= 1n << 200n) refuse(UNKNOWN_ADDRESS)
  const data = bigEndian(value, 25)
  const ones = /^1*/.exec(text)[0].length
  const zeros = /^(00)*/.exec(toHex(data))[0].length / 2
  const check = (await twiceSha(data.slice(0, 21))).slice(0, 4)
  if (zeros !== ones || !same(check, data.slice(21))) refuse(UNKNOWN_ADDRESS)
  return [data[0], data.slice(1, 21)]
}

// RIPEMD-160, which WebCrypto does not have.

const RHO = [7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8]
const hexRows = (text) => text.split(' ').map((row) => [...row].map((one) => parseInt(one, 16)))
const SHIFTS = hexRows(
  'befc5879bdef6798 768db97f7cf9b7dc bd67e9dfe8d65c75 bcefef989e56865c 9f5b68dc5cdeb856',
)
const OTHER_SHIFTS = hexRows(
  '899bdff5778beec6 9df7c89b77c76fdb 97fb866ecd5edd75 f58bee6e69c9c5f8 85c9c5e68d65fdbb',
)
const LEFT = [0, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e]
const RIGHT = [0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0]
const rolled = (value, by) => (value << by) | (value >>> (32 - by))

function mixed(kind, x, y, z) {
  if (kind === 0) return x ^ y ^ z
  if (kind === 1) return (x & y) | (~x & z)
  if (kind === 2) return (x | ~y) ^ z
  return kind === 3 ? (x & z) | (y & ~z) : x ^ (y | ~z)
}

function ripemdLine(state, words, shifts, constants, isRight) {
  let [a, b, c, d, e] = state
  let order = words.map((_, n) => (isRight ? (9 * n + 5) % 16 : n))
  for (let turn = 0; turn < 5; turn += 1) {
    for (const [place, at] of order.entries()) {
      const sum = a + mixed(isRight ? 4 - turn : turn, b, c, d) + words[at] + constants[turn]
      const t = (rolled(sum | 0, shifts[turn][place]) + e) | 0
      ;[a, e, d, c, b] = [e, d, rolled(c, 10), b, t]
    }
    order = order.map((at) => RHO[at])
  }
  return [a, b, c, d, e]
}

function ripemd160(data) {
  const length = data.length + 9 + ((119 - (data.length % 64)) % 64)
  const padded = new Uint8Array(length)
  padded.set(data)
  padded[data.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(length - 8, 8 * data.length, true)
  let state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
  for (let start = 0; start < length; start += 64) {
    const words = Array.from({ length: 16 }, (_, n) => view.getUint32(start + 4 * n, true))
    const left = ripemdLine(state, words, SHIFTS, LEFT, false)
    const right = ripemdLine(state, words, OTHER_SHIFTS, RIGHT, true)
    state = state.map((_, n) => (state[(n + 1) % 5] + left[(n + 2) % 5] + right[(n + 3) % 5]) | 0)
  }
  const made = new DataView(new ArrayBuffer(20))
  for (const [n, one] of state.entries()) made.setUint32(4 * n, one, true)
  return new Uint8Array(made.buffer)
}

const hash160 = async (data) => ripemd160(await sha(data))

// BIP 322: keys sign a transaction that can never be mined, so that whatever can pay can sign. The
// digests are those of BIP 143 and BIP 341, signatures those of BIP 66, BIP 146 and BIP 340.

const OUTPUT = fromHex('0000000000000000016a') // nothing, to OP_RETURN
const PROOF_MAX = 20_000
const OPERATIONS_MAX = 201
const UNKNOWN_SCRIPT = "An address's script is of a kind that this program does not know."

/** The script would not pay. */
class Unpaid extends Error {}

function unpaid() {
  throw new Unpaid()
}

function littleEndian(value, length) {
  return bigEndian(value, length).reverse()
}

function sized(data) {
  const { length } = data
  const head = length < 0xfd ? [length] : [0xfd, length & 0xff, length >> 8]
  return joined(Uint8Array.from(head), data)
}

async function tagged(tag, ...parts) {
  const name = await sha(ascii(tag))
  return sha(name, name, ...parts)
}

/** Takes the parts of something serialised one after the other. */
class Reader {
  constructor(data) {
    this.rest = data
  }

  take(count) {
    if (!(count <= this.rest.length)) refuse(NONE)
    const taken = this.rest.slice(0, count)
    this.rest = this.rest.slice(count)
    return taken
  }

  number(count) {
    return Number(number(this.take(count).reverse()))
  }

  size() {
    const first = this.number(1)
    return first < 0xfd ? first : this.number(1 << (first - 0xfc))
  }

  sized() {
    return this.take(this.size())
  }

  stack() {
    const found = []
    for (let left = this.size(); left > 0; left -= 1) found.push(this.sized())
    return found
  }
}

/** The transaction of a proof that holds, null for one that does not. */
export async function bip322(script, message, proof) {
  const of = await toSign(script, message, proof)
  try {
    return (await pays(of)) ? of : null
  } catch (problem) {
    if (problem instanceof Unpaid) return null
    throw problem
  }
}

/** The only output of `to_spend`, which binds script and message. */
export async function messageOutpoint(script, message) {
  const said = await tagged('BIP0322-signed-message', message)
  const nothing = new Uint8Array(4)
  const spends = [new Uint8Array(32), fromHex('ffffffff220020'), said, nothing]
  const parts = [nothing, Uint8Array.of(1), ...spends, Uint8Array.of(1), new Uint8Array(8)]
  return joined(await twiceSha(joined(...parts, sized(script), nothing)), nothing)
}

async function toSign(script, message, proof) {
  const isMarked = /^(smp|ful)/.test(proof)
  const text = isMarked ? proof.slice(3) : proof
  const form = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
  if (text.length > PROOF_MAX || !form.test(text)) refuse(NONE)
  const [reader, outpoint] = [new Reader(fromBase64(text)), await messageOutpoint(script, message)]
  const none = { version: 0, sequence: 0, lock: 0, unlocking: new Uint8Array() }
  const made = proof.startsWith('ful')
    ? wholeTransaction(reader)
    : { ...none, outpoint, witness: reader.stack() }
  if (reader.rest.length || !same(made.outpoint, outpoint) || ![0, 2].includes(made.version)) {
    refuse(NONE)
  }
  return { ...made, script }
}

/** A transaction of one input and one output. */
function wholeTransaction(reader) {
  const version = reader.number(4)
  let inputs = reader.size()
  const hasWitness = inputs === 0
  if (hasWitness) inputs = reader.size() && reader.size()
  if (inputs !== 1) refuse(NONE)
  const [outpoint, unlocking, sequence] = [reader.take(36), reader.sized(), reader.number(4)]
  if (reader.size() !== 1 || !same(reader.take(OUTPUT.length), OUTPUT)) refuse(NONE)
  const witness = hasWitness ? reader.stack() : []
  return { version, sequence, lock: reader.number(4), outpoint, unlocking, witness }
}

const begins = (data, hex) => toHex(data.slice(0, hex.length / 2)) === hex

async function pays(of) {
  let script = of.script
  const stack = [...of.witness]
  if (begins(script, 'a914')) {
    const pushes = pushed(of.unlocking)
    script = pushes.pop() ?? new Uint8Array()
    const isWitness = begins(script, '00')
    const isNamed = same(await hash160(script), of.script.slice(2, 22))
    if (!isNamed || (isWitness && pushes.length)) return false
    if (!isWitness) {
      if (stack.length) return false
      return new Machine(of, pushes, await byEcdsa(of, script, false)).pays(script)
    }
  } else if (begins(script, '76a9')) {
    const machine = new Machine(of, pushed(of.unlocking), await byEcdsa(of, script, false))
    return stack.length === 0 && machine.pays(script)
  } else if (of.unlocking.length) return false
  if (begins(script, '5120')) return paysTaproot(of, script.slice(2), stack)
  let code
  if (begins(script, '0014') && script.length === 22) code = keyScript(script.slice(2))
  else {
    code = stack.pop() ?? new Uint8Array()
    if (!same(script, joined(Uint8Array.of(0, 32), await sha(code)))) return false
  }
  return new Machine(of, stack, await byEcdsa(of, code, true)).pays(code)
}

// By the key itself, or by a script of its tree (BIP 341, BIP 342).
async function paysTaproot(of, key, stack) {
  if (stack.length === 0) return false
  if (stack.length > 1 && stack[stack.length - 1][0] === 0x50) return false
  if (stack.length === 1) return bySchnorr(of, null)(stack[0], key)
  const [control, code] = [stack.pop(), stack.pop()]
  const { length } = control
  if (length % 32 !== 1 || length < 33 || length > 33 + 128 * 32) return false
  if ((control[0] & 0xfe) !== 0xc0) refuse(UNKNOWN_SCRIPT)
  const leaf = await tagged('TapLeaf', Uint8Array.of(0xc0), sized(code))
  let name = leaf
  for (let at = 33; at < length; at += 32) {
    const pair = [name, control.slice(at, at + 32)]
    pair.sort((one, other) => (toHex(one) < toHex(other) ? -1 : 1))
    name = await tagged('TapBranch', ...pair)
  }
  const inner = lifted(number(control.slice(1, 33)), 0)
  const tweak = number(await tagged('TapTweak', control.slice(1, 33), name))
  const outer = inner && tweak < N ? addedUp(tweak, 1n, inner) : null
  if (!outer || outer[0] !== number(key) || Number(outer[1] & 1n) !== (control[0] & 1)) return false
  return new Machine(of, stack, bySchnorr(of, leaf), true).pays(code)
}

// Whether a signature of a key is over this transaction, as a script of this code pays.
async function byEcdsa(of, code, isSegregated) {
  const start = littleEndian(of.version, 4)
  const sequence = littleEndian(of.sequence, 4)
  const end = joined(littleEndian(of.lock, 4), fromHex('01000000'))
  const one = Uint8Array.of(1)
  let spends = [one, of.outpoint, sized(code), sequence, one, OUTPUT]
  if (isSegregated) {
    const inputs = [await twiceSha(of.outpoint), await twiceSha(sequence), of.outpoint]
    spends = [...inputs, sized(code), new Uint8Array(8), sequence, await twiceSha(OUTPUT)]
  }
  const digest = await twiceSha(joined(start, ...spends, end))
  const lengths = isSegregated ? [33] : [33, 65]
  return (made, key) => lengths.includes(key.length) && ecdsaHolds(key, digest, made)
}

function bySchnorr(of, leaf) {
  return async (made, key) => {
    const kind = made.slice(64)
    if (key.length !== 32 || kind.length > 1 || (kind.length && kind[0] !== 1)) return false
    const sequence = littleEndian(of.sequence, 4)
    const head = [
      Uint8Array.of(0, kind.length),
      littleEndian(of.version, 4),
      littleEndian(of.lock, 4),
    ]
    const parts = []
    for (const part of [of.outpoint, new Uint8Array(8), sized(of.script), sequence, OUTPUT]) {
      parts.push(await sha(part))
    }
    const end = leaf ? [fromHex('0200000000'), leaf, fromHex('00ffffffff')] : [new Uint8Array(5)]
    const digest = await tagged('TapSighash', ...head, ...parts, ...end)
    return schnorrHolds(key, digest, made.slice(0, 64))
  }
}

// A signature in strict DER form, of low s, for all of a transaction.
function ecdsaHolds(key, digest, made) {
  if (made.length < 9 || made.length > 73 || made.length < 7 + made[3]) return false
  const r = number(made.slice(4, 4 + made[3]))
  const s = number(made.slice(6 + made[3], -1))
  const both = joined(...[r, s].map(derNumber))
  if (!same(made, joined(Uint8Array.of(0x30, both.length), both, Uint8Array.of(1)))) return false
  const point = pointOf(key)
  if (!point || !(r > 0n && r < N && s > 0n && s <= N / 2n)) return false
  const inverse = power(s, N - 2n, N)
  const found = addedUp((number(digest) * inverse) % N, (r * inverse) % N, point)
  return found !== null && found[0] % N === r
}

function derNumber(value) {
  const length = Math.floor((value ? value.toString(2).length : 0) / 8) + 1
  return joined(Uint8Array.of(2, length), bigEndian(value, length))
}

function pointOf(key) {
  const [x, y] = [number(key.slice(1, 33)), number(key.slice(33))]
  if (key.length === 33 && (key[0] === 2 || key[0] === 3)) return lifted(x, key[0] & 1)
  if (key.length !== 65 || key[0] !== 4) return null
  const point = lifted(x, Number(y & 1n))
  return point && point[1] === y ? point : null
}

/** BIP 340. */
export async function schnorrHolds(key, message, made) {
  const point = lifted(number(key), 0)
  const [r, s] = [number(made.slice(0, 32)), number(made.slice(32))]
  if (!point || made.length !== 64 || r >= Q || s >= N) return false
  const challenge = number(await tagged('BIP0340/challenge', made.slice(0, 32), key, message)) % N
  const found = addedUp(s, N - challenge, point)
  return found !== null && !(found[1] & 1n) && found[0] === r
}

/** Numbers of operations, and what they push. */
function operationsOf(code) {
  const [reader, found] = [new Reader(code), []]
  while (reader.rest.length) {
    const op = reader.number(1)
    if (op <= 75) found.push([op, reader.take(op)])
    else if (op === 76 || op === 77) found.push([op, reader.take(reader.number(op - 75))])
    else found.push([op, op >= 0x51 && op <= 0x60 ? Uint8Array.of(op - 0x50) : null])
  }
  return found
}

/** What code that does nothing else pushes. */
function pushed(code) {
  const all = operationsOf(code).map(([, data]) => data)
  if (all.includes(null)) unpaid()
  return all
}

const isTrue = (data) =>
  data.length > 0 && (data.slice(0, -1).some((one) => one) || ![0, 0x80].includes(data.at(-1)))

/** As much of Script as single keys, several keys and timed branches need. */
class Machine {
  #ways = [] // of the branches that are open
  #signed = 0

  constructor(of, stack, holds, isTaproot = false) {
    this.of = of
    this.stack = stack
    this.holds = holds
    this.isTaproot = isTaproot
  }

  /** Whether the code ends well, and not without any signature. */
  async pays(code) {
    const operations = operationsOf(code)
    if (operations.filter(([, data]) => data === null).length > OPERATIONS_MAX) {
      refuse(UNKNOWN_SCRIPT)
    }
    for (const [op, data] of operations) {
      if ([0x63, 0x64, 0x67, 0x68].includes(op)) this.#branch(op)
      else if (this.#ways.every((one) => one)) await this.#do(op, data)
    }
    if (this.#ways.length || this.stack.length !== 1) return false
    return isTrue(this.stack[0]) && this.#signed > 0
  }

  #branch(op) {
    if (op === 0x63 || op === 0x64) {
      const told = this.#ways.every((one) => one) ? this.#pop() : new Uint8Array()
      if (!['', '01'].includes(toHex(told))) unpaid()
      this.#ways.push((told.length === 1) === (op === 0x63))
    } else if (this.#ways.length === 0) unpaid()
    else if (op === 0x67) this.#ways.push(!this.#ways.pop())
    else this.#ways.pop()
  }

  async #do(op, data) {
    const { stack } = this
    const top = stack.at(-1)
    if (data) stack.push(data)
    else if (op === 0x69) this.#verify()
    else if (op === 0x73) stack.push(...(top && isTrue(top) ? [top] : []))
    else if (op === 0x75) this.#pop()
    else if (op === 0x76) stack.push(this.#pop(), top)
    else if (op === 0x87 || op === 0x88) this.#put(same(this.#pop(), this.#pop()), op === 0x88)
    else if (op === 0xa9) stack.push(await hash160(this.#pop()))
    else if (op === 0xac || op === 0xad) {
      const [key, made] = [this.#pop(), this.#pop()]
      this.#put(await this.#hasSigned(made, key), op === 0xad)
    } else if ((op === 0xae || op === 0xaf) && !this.isTaproot) {
      this.#put(await this.#haveSigned(), op === 0xaf)
    } else if (op === 0xb1 || op === 0xb2) this.#wait(op)
    else refuse(UNKNOWN_SCRIPT)
  }

  #pop() {
    return this.stack.pop() ?? unpaid()
  }

  #put(isSo, verifies) {
    this.stack.push(isSo ? Uint8Array.of(1) : new Uint8Array())
    if (verifies) this.#verify()
  }

  #verify() {
    if (!isTrue(this.#pop())) unpaid()
  }

  #number(most = 4) {
    const data = this.#pop()
    if (data.length > most || (data.length && data.at(-1) & 0x80)) unpaid()
    return number(Uint8Array.from(data).reverse())
  }

  #several() {
    const count = Math.min(Number(this.#number()), 20)
    return Array.from({ length: count }, () => this.#pop()).reverse()
  }

  async #hasSigned(made, key) {
    if (made.length && !(await this.holds(made, key))) unpaid()
    if (made.length) this.#signed += 1
    return made.length > 0
  }

  // CHECKMULTISIG: signatures in the order of the keys.
  async #haveSigned() {
    const keys = this.#several()
    const signatures = this.#several()
    if (this.#pop().length || signatures.length > keys.length) unpaid()
    if (signatures.length && signatures.every((one) => one.length === 0)) return false
    for (const made of signatures) {
      while (!(await this.holds(made, keys.shift() ?? new Uint8Array()))) {
        if (keys.length === 0) unpaid()
      }
      this.#signed += 1
    }
    return true
  }

  // CHECKLOCKTIMEVERIFY and CHECKSEQUENCEVERIFY (BIP 65, BIP 112).
  #wait(op) {
    const wanted = this.#number(5)
    const [lock, sequence] = [BigInt(this.of.lock), BigInt(this.of.sequence)]
    this.stack.push(asNumber(wanted))
    let due
    if (op === 0xb1) {
      const [time, isTime] = [500_000_000n, wanted >= 500_000_000n]
      due = lock >= time === isTime && lock >= wanted && sequence !== 0xffffffffn
    } else {
      const isAlike = !((sequence ^ wanted) & (1n << 22n)) && !(sequence >> 31n)
      due = this.of.version >= 2 && isAlike && (sequence & 0xffffn) >= (wanted & 0xffffn)
      due ||= wanted >> 31n > 0n
    }
    if (!due) unpaid()
  }
}

function asNumber(value) {
  if (value === 0n) return new Uint8Array()
  const length = Math.floor(value.toString(2).length / 8) + 1
  return littleEndian(value, length)
}

function held(place, of, account) {
  const coin = member(member(of.chain, 'coin', 'object'), 'symbol', 'string')
  const tokens = new Map(
    texts(of.chain, 'tokens').map((one) => [member(one, 'symbol', 'string'), one]),
  )
  return Object.entries(member(place, 'amounts', 'object')).map(([symbol, text]) => {
    const units = amountOf(text, 'amounts')
    let shown
    if (symbol === coin) shown = accountOf(of, account)[1]
    else if (tokens.has(symbol)) {
      const token = tokens.get(symbol)
      const storage = accountOf(of, octets(token, 'contract', 20))[2]
      const slot = bigEndian(whole(token, 'slot'), 32)
      const key = keccak256(keccak256(joined(new Uint8Array(12), account, slot)))
      shown = storage.length ? rlp(walk(of.nodes, storage, key)) : new Uint8Array()
    } else refuse('The evidence is of an asset that its chain does not name.')
    if (Array.isArray(shown) || number(shown) !== units) {
      refuse(`${symbol.slice(0, 20)}: the chain's state has another balance.`)
    }
    return [symbol, units]
  })
}

function accountOf(of, account) {
  const fields = rlp(walk(of.nodes, of.root, keccak256(account)))
  if (!Array.isArray(fields) || fields.length !== 4 || fields.some(Array.isArray)) {
    refuse("An account of the evidence is not in the chain's state.")
  }
  return fields
}

const BROKEN = "The proof of a chain's state is broken."
const ELSEWHERE = "The proof of a chain's state leads elsewhere."

function walk(nodes, root, key) {
  let way = toHex(key)
  let node = rlp(nodeOf(nodes, root))
  for (;;) {
    if (!Array.isArray(node) || (node.length !== 2 && node.length !== 17)) refuse(BROKEN)
    let following
    if (node.length === 2) {
      const [path, isLeaf] = pathOf(node[0])
      if (!way.startsWith(path) || isLeaf !== (way === path)) refuse(ELSEWHERE)
      way = way.slice(path.length)
      following = node[1]
      if (isLeaf) return bytesOf(following)
    } else {
      if (!way) refuse(ELSEWHERE)
      following = node[Number.parseInt(way[0], 16)]
      way = way.slice(1)
    }
    node = Array.isArray(following) ? following : rlp(nodeOf(nodes, following))
  }
}

function nodeOf(nodes, name) {
  const found = nodes.get(toHex(bytesOf(name)))
  if (!found) refuse("The proof of a chain's state is incomplete.")
  return found
}

function bytesOf(value) {
  if (!(value instanceof Uint8Array)) refuse(BROKEN)
  return value
}

function pathOf(data) {
  const text = toHex(bytesOf(data))
  if (!text || !'0123'.includes(text[0]) || ('02'.includes(text[0]) && text[1] !== '0')) {
    refuse(BROKEN)
  }
  return [text.slice('13'.includes(text[0]) ? 1 : 2), '23'.includes(text[0])]
}

function rlp(data) {
  const [value, length] = rlpAt(data, 0, 0)
  if (length !== data.length) refuse(BROKEN)
  return value
}

function rlpAt(data, at, depth) {
  if (at >= data.length || depth > 40) refuse(BROKEN)
  const head = data[at]
  if (head < 0x80) return [data.slice(at, at + 1), at + 1]
  const base = head < 0xc0 ? 0x80 : 0xc0
  let [length, start] = [head - base, at + 1]
  if (length > 55) {
    start = at + 1 + length - 55
    length = Number(number(data.slice(at + 1, start)))
  }
  const end = start + length
  if (!(end <= data.length)) refuse(BROKEN)
  if (base === 0x80) return [data.slice(start, end), end]
  const items = []
  let place = start
  while (place < end) {
    const [item, next] = rlpAt(data.subarray(0, end), place, depth + 1)
    items.push(item)
    place = next
  }
  return [items, end]
}
