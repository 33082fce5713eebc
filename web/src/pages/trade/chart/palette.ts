/** Colours of the theme for a canvas, which cannot read CSS properties. */
export interface Palette {
  panel: string
  line: string
  lineStrong: string
  text2: string
  text3: string
  label: string
  up: string
  down: string
  upWash: string
  downWash: string
  font: string
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const read = (name: string) => style.getPropertyValue(name).trim()
  return {
    panel: read('--panel'),
    line: read('--line'),
    lineStrong: read('--line-strong'),
    text2: read('--text-2'),
    text3: read('--text-3'),
    label: read('--line-strong'),
    up: resolved(read('--up'), read),
    down: resolved(read('--down'), read),
    upWash: `${resolved(read('--up'), read)}59`,
    downWash: `${resolved(read('--down'), read)}59`,
    font: read('--font'),
  }
}

/** A property that names another. */
function resolved(value: string, read: (name: string) => string): string {
  const [, name] = /^var\((--[\w-]+)\)$/.exec(value) ?? []
  return name ? read(name) : value
}
