// Checks statements and proofs of reserves, as `verifier/verify.py` does: the same checks in the
// same order with the same sentences. It runs in a page, in `verifier/verify.html` and in Node, and
// needs nothing but WebCrypto's SHA-256 and SHA-512.

const INTEGER_MAX = Number.MAX_SAFE_INTEGER
const SUM_MAX = 2n ** 128n - 1n
const RULE = 'sum-tree/1'
const TAG = 'fullreserve/statement/1\n'
const ORIGIN = 'fullreserve/reserves'
const READ_AGE_MAX_MS = 15 * 60 * 1000
const SIGNED_AGE_MAX_MS = 24 * 3600 * 1000

/** What does not hold, in one sentence. */
export class Refused extends Error {}

function refuse(sentence) {
  throw new Refused(sentence)
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
  return { size, root: toHex(root) }
}

// The statement.

/** Everything about a bundle that needs no other file. `say(step)` is called as steps hold. */
export async function checkBundle(bundle, key = '', say = () => {}) {
  const statement = member(bundle, 'statement', 'object')
  if (whole(statement, 'v') !== 1) {
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
  const hasHouse = bundle.house !== null && bundle.house !== undefined
  const house = hasHouse ? await checkLeaf(bundle.house, statement, "The house's") : null
  const assets = checkAssets(statement, house ? house.claims : null)
  say('totals')
  const hasProof = bundle.proof !== null && bundle.proof !== undefined
  const leaf = hasProof ? await checkLeaf(bundle.proof, statement, 'Your') : null
  if (leaf && house && leaf.account === house.account) refuse("Your leaf is the house's.")
  if (leaf) say('leaf')
  return { statement, exchange: toHex(exchange), assets, leaf, logged }
}

function checkPrevious(statement) {
  const [epoch, previous] = [whole(statement, 'epoch'), member(statement, 'previous', 'string')]
  if (epoch === 0 || (epoch === 1) !== (previous === '')) {
    refuse('The statement does not follow another one.')
  }
  if (previous) octetsOf(previous, 'previous')
  if (whole(statement, 'expires') <= whole(statement, 'ts')) {
    refuse('The statement expires before it is made.')
  }
}

function checkAssets(statement, house) {
  const rows = texts(statement, 'assets')
  if (rows.length === 0 || rows.length > 65535) refuse('The statement names no assets.')
  const reservesOf = member(statement, 'reserves', 'object')
  const [ts, read] = [whole(statement, 'ts'), whole(reservesOf, 'read')]
  const made = rows.map((row, place) => checkAsset(row, house ? house[place] : 0n))
  if (new Set(made.map((one) => one.symbol)).size !== made.length) {
    refuse('The statement names an asset twice.')
  }
  checkAges(
    reservesOf,
    ts,
    read,
    made.some((one) => one.reserves > 0n),
  )
  for (const one of made) {
    if (one.reserves < one.users) {
      const [held, owed] = [decimal(one.reserves, one.decimals), decimal(one.users, one.decimals)]
      refuse(`${one.symbol}: reserves of ${held} do not cover ${owed} owed to users.`)
    }
  }
  return made
}

function checkAsset(row, own) {
  const [symbol, decimals] = [member(row, 'symbol', 'string'), whole(row, 'decimals')]
  if (!/^[A-Z0-9]{1,20}$/.test(symbol) || decimals > 30) {
    refuse('The statement names an asset that cannot be.')
  }
  const [claims, users, reserves] = ['claims', 'users', 'reserves'].map((name) => amount(row, name))
  const shortfall = amount(row, 'shortfall')
  if (amount(row, 'house') !== own || users !== claims - own) {
    refuse(`${symbol}: the house's share is not what its leaf says.`)
  }
  if (member(row, 'ratio', 'string') !== ratio(reserves, users)) {
    refuse(`${symbol}: the ratio is not reserves over claims.`)
  }
  return { symbol, decimals, users, reserves, shortfall }
}

function checkAges(reserves, ts, read, shows) {
  const chains = texts(reserves, 'chains')
  if (!shows) return
  octets(reserves, 'evidence')
  if (!(read <= ts) || ts - read > READ_AGE_MAX_MS) {
    refuse('The reserves were read too long before the statement.')
  }
  if (chains.length === 0) refuse('The statement names reserves and no chain.')
  for (const chain of chains) {
    const signed = whole(chain, 'signed')
    octets(chain, 'block')
    whole(chain, 'height')
    if (!(signed <= ts) || ts - signed > SIGNED_AGE_MAX_MS) {
      const name = member(chain, 'name', 'string').slice(0, 40)
      refuse(`${name}: the signatures that show the reserves are too old.`)
    }
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
  if (one.logged.size === other.logged.size && one.logged.root !== other.logged.root) {
    refuse(`The exchange shows two different logs of ${one.logged.size} entries.`)
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

/** Everything that the files (as texts) say, and that they say it together. */
export async function checkFiles(contents, key = '', say = () => {}) {
  const documents = contents.map(load)
  const bundles = documents.filter((one) => 'statement' in one)
  if (bundles.length === 0) refuse('None of the files is a bundle or a statement.')
  const checked = []
  for (const one of bundles) checked.push(await checkBundle(one, key, say))
  checked.sort((one, other) => one.statement.epoch - other.statement.epoch)
  for (const [place, one] of checked.entries()) {
    for (const other of checked.slice(place + 1)) await checkPair(one, other)
  }
  for (const document of documents.filter((one) => !('statement' in one))) {
    if ('firstRoot' in document) await checkConsistency(document, checked)
    else if ('chains' in document) {
      await checkEvidence(document, checked)
      say('evidence')
    } else refuse('One of the files is neither bundle, evidence nor consistency proof.')
  }
  return checked
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

function signerOf(digest, r, s, parity) {
  const none = 'A signature over an address is none.'
  if (!(r > 0n && r < N && s > 0n && s < N)) refuse(none)
  const square = mod(r ** 3n + 7n, Q)
  let y = power(square, (Q + 1n) / 4n, Q)
  if ((y * y) % Q !== square) refuse(none)
  if ((y & 1n) !== parity) y = Q - y
  const inverse = power(r, N - 2n, N)
  const [u1, u2] = [mod(-number(digest) * inverse, N), (s * inverse) % N]
  const point = [r, y, 1n]
  const choices = [null, G, point, plus(G, point)]
  let found = [0n, 1n, 0n]
  for (let bit = 255n; bit >= 0n; bit -= 1n) {
    found = twice(found)
    const which = Number(((u1 >> bit) & 1n) | (((u2 >> bit) & 1n) << 1n))
    if (which) found = plus(found, choices[which])
  }
  if (!found[2]) refuse(none)
  const z = power(found[2], Q - 2n, Q)
  return [(found[0] * z * z) % Q, (found[1] * z * z * z) % Q]
}

const UNKNOWN_ADDRESS = 'An address is of a kind that this program does not know.'
const SAID =
  /^Fullreserve reserves\/1 exchange=([0-9a-f]{64}) address=(\S+) network=(\d+) height=(\d+) block=([0-9a-f]{64}) at=(\d+)$/

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
  const totals = new Map(checked.assets.map((one) => [one.symbol, 0n]))
  const scales = new Map(checked.assets.map((one) => [one.symbol, one.decimals]))
  const seen = new Set()
  for (const [place, chain] of chains.entries()) {
    const decimals = decimalsOn(chain)
    for (const [symbol, units] of await checkChain(chain, rows[place], checked, seen)) {
      if (!totals.has(symbol)) {
        refuse('The evidence is of an asset that the statement does not name.')
      }
      const scaled = (units * 10n ** BigInt(scales.get(symbol))) / 10n ** decimals.get(symbol)
      totals.set(symbol, totals.get(symbol) + scaled)
    }
  }
  for (const one of checked.assets) {
    if (totals.get(one.symbol) !== one.reserves) {
      refuse(`${one.symbol}: the evidence shows other reserves than stated.`)
    }
  }
}

function decimalsOn(chain) {
  const all = [member(chain, 'coin', 'object'), ...texts(chain, 'tokens')]
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
    // Two networks may be one chain: the chain's own number counts.
    const key = `${whole(chain, 'chainId')}:${toHex(account)}`
    if (seen.has(key)) refuse('The evidence counts an address twice.')
    seen.add(key)
    for (const [symbol, units] of held(place, of, account)) {
      totals.set(symbol, (totals.get(symbol) ?? 0n) + units)
    }
  }
  return totals
}

function checkSaid(place, of) {
  const address = member(place, 'address', 'string')
  const message = member(place, 'message', 'string')
  const found = SAID.exec(message)
  if (!found) {
    refuse('An address is signed for with another message than one of ownership.')
  }
  const [, exchange, named, network, height, , at] = found
  const isOurs = exchange === of.checked.exchange && named === address
  if (!isOurs || BigInt(network) !== BigInt(whole(of.chain, 'network'))) {
    refuse(`${address}: the signature is for something else.`)
  }
  const [from, to] = [BigInt(of.signed), BigInt(of.checked.statement.ts)]
  if (BigInt(height) > BigInt(of.height) || BigInt(at) < from || BigInt(at) > to) {
    refuse(`${address}: the signature is older than the statement says.`)
  }
  return message
}

function checkPlace(place, of) {
  const address = member(place, 'address', 'string')
  const account = octetsOf(address.slice(2).toLowerCase(), 'address', 20)
  if (!address.startsWith('0x')) refuse(UNKNOWN_ADDRESS)
  const message = checkSaid(place, of)
  const signatures = texts(place, 'signatures')
  if (signatures.length !== 1) refuse(`${address}: an account is signed for by its one key.`)
  const made = octetsOf(signatures[0], 'signatures', 65)
  const text = ascii(message)
  const digest = keccak256(joined(ascii(`\x19Ethereum Signed Message:\n${text.length}`), text))
  if (made[64] !== 27 && made[64] !== 28) refuse(`${address}: the signature is none.`)
  const [r, s] = [number(made.slice(0, 32)), number(made.slice(32, 64))]
  const [x, y] = signerOf(digest, r, s, BigInt(made[64] - 27))
  const signer = keccak256(joined(bigEndian(x, 32), bigEndian(y, 32))).slice(12)
  if (!same(signer, account)) refuse(`${address}: the signature is by another key.`)
  return account
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
  const hrp = member(chain, 'hrp', 'string')
  const coin = member(member(chain, 'coin', 'object'), 'symbol', 'string')
  const of = { chain, height: whole(chain, 'height'), signed: whole(row, 'signed'), checked }
  let total = 0n
  for (const place of texts(chain, 'places')) {
    await checkScriptPlace(place, of, hrp)
    let sum = 0n
    for (const [name, units] of coinsOf(place)) {
      if (seen.has(`${hrp} ${name}`)) refuse('The evidence counts a coin twice.')
      seen.add(`${hrp} ${name}`)
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
  const script = octetsOf(member(place, 'script', 'string'), 'script', null)
  if (!same(witnessProgram(hrp, address), await sha(script))) {
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

function compactSigner(text, digest) {
  const made = octetsOf(text, 'signatures', 65)
  if (made[0] !== COMPACT && made[0] !== COMPACT + 1) {
    refuse('A signature over an address is none.')
  }
  const [r, s] = [number(made.slice(1, 33)), number(made.slice(33))]
  const [x, y] = signerOf(digest, r, s, BigInt(made[0] - COMPACT))
  return toHex(joined(Uint8Array.of(Number(2n + (y % 2n))), bigEndian(x, 32)))
}

function messageOf(hrp, message) {
  const name = ['ltc', 'tltc', 'rltc'].includes(hrp) ? 'Litecoin' : 'Bitcoin'
  const [magic, text] = [ascii(`${name} Signed Message:\n`), ascii(message)]
  const [low, high] = [text.length & 0xff, text.length >> 8]
  const length = text.length < 0xfd ? [low] : [0xfd, low, high]
  return joined(Uint8Array.of(magic.length), magic, Uint8Array.from(length), text)
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

function witnessProgram(hrp, address) {
  const text = address.slice(hrp.length + 1)
  const isKnown = /^[a-z]{1,10}$/.test(hrp) && address.startsWith(`${hrp}1`)
  if (!isKnown || text.length !== 59 || [...text].some((one) => !BECH32.includes(one))) {
    refuse(UNKNOWN_ADDRESS)
  }
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
  const program = values.slice(1, -6).reduce((sum, one) => (sum << 5n) | BigInt(one), 0n)
  if (check !== 1 || values[0] || program & 0xfn) refuse(UNKNOWN_ADDRESS)
  return bigEndian(program >> 4n, 32)
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
