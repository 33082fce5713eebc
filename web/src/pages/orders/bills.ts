import { rest } from '~/api/rest'

/** A row of `account/bills-archive`: one change of a balance. */
export interface Bill {
  billId: string
  ccy: string
  balChg: string
  bal: string
  type: string
  subType: string
  instId: string
  ordId: string
  fee: string
  px: string
  sz: string
  ts: string
}

export interface BillFilter {
  ccy?: string
  type?: string
  begin?: string
  end?: string
}

const MOST_PAGES = 50
export const BILLS_PAGE = 100

/** A page of the trading account's bills, newest first. */
export function loadBills(filter: BillFilter, after: string, limit = BILLS_PAGE): Promise<Bill[]> {
  const set = Object.entries(filter).filter(([, value]) => value)
  return rest.get<Bill, 'account/bills-archive'>('account/bills-archive', {
    ...Object.fromEntries(set),
    limit,
    ...(after ? { after } : {}),
  })
}

/** All bills that a filter lets through, up to a bound. */
export async function allBills(filter: BillFilter, pages = MOST_PAGES): Promise<Bill[]> {
  const all: Bill[] = []
  for (let page = 0; page < pages; page += 1) {
    const rows = await loadBills(filter, all.at(-1)?.billId ?? '')
    all.push(...rows)
    if (rows.length < BILLS_PAGE) break
  }
  return all
}

const COLUMNS = [
  'ts',
  'billId',
  'ccy',
  'balChg',
  'bal',
  'type',
  'subType',
  'instId',
  'px',
  'sz',
  'fee',
] as const

/** Bills as CSV (RFC 4180); what a spreadsheet would take for a formula is marked as text. */
export function csvOf(bills: readonly Bill[], nameOf: (bill: Bill) => string): string {
  const head = ['time', ...COLUMNS, 'what'].join(',')
  const rows = bills.map((bill) => {
    const time = new Date(Number(bill.ts)).toISOString()
    return [time, ...COLUMNS.map((name) => bill[name] ?? ''), nameOf(bill)].map(cell).join(',')
  })
  return `${[head, ...rows].join('\r\n')}\r\n`
}

function cell(text: string): string {
  const isNumber = /^[-+]?\d+(?:\.\d+)?$/.test(text)
  const safe = !isNumber && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
