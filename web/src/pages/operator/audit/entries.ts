import { rest } from '~/api/rest'
import type { AuditEntry } from '../rows'

export interface AuditFilter {
  actor: string
  subject: string
  action: string
  result: string
  from: string
  to: string
}

export const NO_FILTER: AuditFilter = {
  actor: '',
  subject: '',
  action: '',
  result: '',
  from: '',
  to: '',
}

const DAY_MS = 86_400_000
const EXPORT_PAGE = 100
const MOST_PAGES = 100

/** A filter as the endpoint takes it; days are the reader's own. */
export function asked(filter: AuditFilter): Record<string, string> {
  const { from, to, ...texts } = filter
  const begin = from ? String(startOf(from)) : ''
  const end = to ? String(startOf(to) + DAY_MS - 1) : ''
  const all = Object.entries({ ...texts, begin, end })
  const trimmed = all.map(([name, text]) => [name, text.trim()] as const)
  return Object.fromEntries(trimmed.filter(([, text]) => text))
}

function startOf(day: string): number {
  return new Date(`${day}T00:00:00`).getTime()
}

/** A page of the audit log, newest first. */
export function loadEntries(
  filter: AuditFilter,
  after: string,
  limit: number,
): Promise<AuditEntry[]> {
  const params = { ...asked(filter), limit, ...(after ? { after } : {}) }
  return rest.get<AuditEntry, 'x/operator/audit'>('x/operator/audit', params as never)
}

/** All entries that a filter lets through, up to a bound. */
export async function allEntries(filter: AuditFilter): Promise<AuditEntry[]> {
  const all: AuditEntry[] = []
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const rows = await loadEntries(filter, all.at(-1)?.entry ?? '', EXPORT_PAGE)
    all.push(...rows)
    if (rows.length < EXPORT_PAGE) break
  }
  return all
}

/** Entries as JSON lines, each whole, as `fullreserve audit export` writes them. */
export function linesOfEntries(entries: readonly AuditEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
}
