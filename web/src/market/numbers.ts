import Big from 'big.js'

/** Numbers look the same in every language, as in the fields that they are typed into. */
const FORMATS = new Map<string, Intl.NumberFormat>()

type NumberText = string | number | Big

/** So many decimals of a step: '0.01' has 2, '1' has 0. */
export function decimalsOf(step: string): number {
  const [, fraction = ''] = step.split('.')
  return fraction.replace(/0+$/, '').length
}

/** With separators of thousands and exactly so many decimals; rounded down. */
export function fixed(value: NumberText, decimals: number): string {
  return formatted(value, decimals, decimals)
}

/** With separators of thousands and at most so many decimals; rounded down. */
export function trimmed(value: NumberText, decimals = 8): string {
  return formatted(value, 0, decimals)
}

/** With separators of thousands, at least so many decimals, and more where they count. */
export function padded(value: NumberText, least: number): string {
  return formatted(value, least, Math.max(least, 8))
}

/** An estimate: with so many decimals that a person reads it at a glance; rounded down. */
export function about(value: NumberText): string {
  const size = Math.abs(Number(value))
  return `≈ ${trimmed(value, size >= 100 ? 2 : size >= 1 ? 4 : 8)}`
}

function formatted(value: NumberText, least: number, most: number): string {
  const key = `${least}/${most}`
  let format = FORMATS.get(key)
  if (!format) {
    const digits = { minimumFractionDigits: least, maximumFractionDigits: most }
    format = new Intl.NumberFormat('en-US', { ...digits, roundingMode: 'trunc' } as object)
    FORMATS.set(key, format)
  }
  // A text is formatted digit by digit, never through a float.
  return signed(format.format((typeof value === 'object' ? value.toFixed() : value) as number))
}

/** With a minus as wide as a plus, as percentages have it. */
function signed(text: string): string {
  return text.replace('-', '−')
}

/** Three to five digits that count, and always two decimals, so that nothing jumps: 58.20M. */
export function compact(value: NumberText): string {
  const number = Number(value)
  let format = FORMATS.get('compact')
  if (!format) {
    format = new Intl.NumberFormat('en-US', {
      notation: 'compact',
      minimumFractionDigits: 2,
      maximumFractionDigits: 2,
    })
    FORMATS.set('compact', format)
  }
  return signed(format.format(number))
}

/** A share as per cent with its sign: +1.25%. */
export function percent(share: number, decimals = 2): string {
  const text = Math.abs(share * 100).toFixed(decimals)
  return `${Number(text) === 0 ? '' : share < 0 ? '−' : '+'}${text}%`
}

/** The class of a share that is shown as per cent: what is shown as 0.00% went neither way. */
export function wayOf(share: number, decimals = 2): 'up' | 'down' | '' {
  if (Number((share * 100).toFixed(decimals)) === 0) return ''
  return share < 0 ? 'down' : 'up'
}

/** What was typed or pasted as a number: separators and spaces go; null where it is none. */
export function parsed(text: string): Big | null {
  const bare = text.replace(/[\s,\u00a0_']/g, '')
  if (!/^\d*\.?\d*$/.test(bare) || !/\d/.test(bare) || bare.length > 40) return null
  return new Big(bare.replace(/\.$/, '') || '0')
}

/** The multiple of a step at or below. */
export function floorTo(value: Big, step: string): Big {
  return value.div(step).round(0, Big.roundDown).times(step)
}

/** As text without exponent and without zeros at the end. */
export function plain(value: Big): string {
  return value.toFixed()
}
