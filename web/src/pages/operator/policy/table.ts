import type { RiskTable } from './rows'

const GROUPS = ['points', 'bounds', 'thresholds'] as const

/** A value of the table of risk scores, by its group and name. */
export interface Place {
  group: (typeof GROUPS)[number]
  name: string
  value: number
}

export interface Moved extends Place {
  before: number
}

/** All values of a table, in its order. */
export function placesOf(table: RiskTable): Place[] {
  return GROUPS.flatMap((group) =>
    Object.entries(table[group]).map(([name, value]) => ({ group, name, value })),
  )
}

/** Where a table differs from another. */
export function movedFrom(before: RiskTable, table: RiskTable): Moved[] {
  return placesOf(table)
    .map((place) => ({ ...place, before: before[place.group][place.name] ?? 0 }))
    .filter(({ before, value }) => before !== value)
}

/** The field of a form that a value is typed in. */
export const fieldOf = ({ group, name }: Place): string => `${group}.${name}`

/** A table as it is sent, of what was typed; what is no whole number goes as it is. */
export function tableOf(typed: Record<string, string>): Record<string, Record<string, unknown>> {
  const table: Record<string, Record<string, unknown>> = {}
  for (const [field, text] of Object.entries(typed)) {
    const [group = '', name = ''] = field.split('.')
    const value = text.trim()
    table[group] = { ...table[group], [name]: /^\d{1,13}$/.test(value) ? Number(value) : value }
  }
  return table
}
