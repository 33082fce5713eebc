/** The fields of a command or event as lines of path and text, nested ones by their path. */
export function linesOf(value: unknown, path = ''): [path: string, text: string][] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [[path, '[]']]
    return value.flatMap((each, at) => linesOf(each, `${path}[${at}]`))
  }
  if (value !== null && typeof value === 'object') {
    return Object.entries(value).flatMap(([name, each]) =>
      linesOf(each, path ? `${path}.${name}` : name),
    )
  }
  return [[path, value === '' ? '""' : String(value)]]
}
