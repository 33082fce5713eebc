import { type ReactNode, useState } from 'react'
import { useRefusalText } from '~/app/refusals'
import { useTranslation } from '~/i18n'
import type { Translator } from '~/i18n/translator'
import { pairName } from '~/market/instruments'
import { trimmed } from '~/market/numbers'
import { moment } from '~/pages/trade/orders/columns'
import { PagedTable } from '~/pages/trade/orders/PagedTable'
import { PAGE_ROWS, usePages } from '~/pages/trade/orders/pages'
import { useBalances } from '~/trading/use'
import { Button } from '~/ui/Button'
import { Field } from '~/ui/Field'
import { Select } from '~/ui/Select'
import type { Column } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { allBills, type Bill, type BillFilter, csvOf, loadBills } from './bills'
import css from './OrdersPage.module.css'

interface Chosen {
  ccy: string
  type: string
  from: string
  to: string
}

const DAY_MS = 86_400_000

/** Every change of the trading account's balances, filtered, and as a file. */
export function BillsTable(): ReactNode {
  const { t, language, has } = useTranslation()
  const [chosen, setChosen] = useState<Chosen>({ ccy: '', type: '', from: '', to: '' })
  const filter = filterOf(chosen)
  const nameOf = (bill: Bill) => billName({ t, has }, bill)
  const pages = usePages<Bill>(
    ['bills', filter],
    (after) => loadBills(filter, after, PAGE_ROWS),
    ({ billId }) => billId,
  )
  const columns: Column<Bill>[] = [
    { id: 'time', title: t('time'), cell: ({ ts }) => moment(ts, language) },
    { id: 'what', title: t('bills.what'), cell: nameOf },
    { id: 'pair', title: t('markets.pair'), cell: ({ instId }) => pairName(instId) || '—' },
    { id: 'currency', title: t('currency'), cell: ({ ccy }) => ccy },
    {
      id: 'change',
      title: t('bills.change'),
      number: true,
      cell: ({ balChg }) => (
        <span className={balChg.startsWith('-') ? 'down' : 'up'}>
          {balChg.startsWith('-') ? '−' : '+'}
          {trimmed(balChg.replace('-', ''))}
        </span>
      ),
    },
    { id: 'after', title: t('bills.after'), number: true, cell: ({ bal }) => trimmed(bal) },
  ]
  return (
    <>
      <Filters chosen={chosen} setChosen={setChosen} filter={filter} nameOf={nameOf} />
      <PagedTable
        label={t('orders.bills')}
        columns={columns}
        pages={pages}
        keyOf={({ billId }) => billId}
        empty={t('bills.none')}
      />
    </>
  )
}

interface FiltersProps {
  chosen: Chosen
  setChosen(chosen: Chosen): void
  filter: BillFilter
  nameOf(bill: Bill): string
}

function Filters({ chosen, setChosen, filter, nameOf }: FiltersProps): ReactNode {
  const { t } = useTranslation()
  const balances = useBalances()
  const currencies = [...(balances?.keys() ?? [])].sort()
  const change = (part: Partial<Chosen>) => setChosen({ ...chosen, ...part })
  const dates = [
    ['from', t('bills.from')],
    ['to', t('bills.to')],
  ] as const
  return (
    <div className={css.filters}>
      <Select
        labelled
        label={t('currency')}
        value={chosen.ccy}
        options={[['', t('markets.all')] as const, ...currencies.map((ccy) => [ccy, ccy] as const)]}
        onChange={(ccy) => change({ ccy })}
      />
      <Select
        labelled
        label={t('bills.what')}
        value={chosen.type}
        options={[
          ['', t('markets.all')],
          ['1', t('bill.1')],
          ['2', t('bill.2')],
        ]}
        onChange={(type) => change({ type })}
      />
      {dates.map(([name, label]) => (
        <Field
          key={name}
          label={label}
          type="date"
          value={chosen[name]}
          onChange={(event) => change({ [name]: event.target.value })}
        />
      ))}
      <Export filter={filter} nameOf={nameOf} />
    </div>
  )
}

function Export({ filter, nameOf }: Pick<FiltersProps, 'filter' | 'nameOf'>): ReactNode {
  const { t } = useTranslation()
  const refusal = useRefusalText()
  const [isBusy, setBusy] = useState(false)
  const press = async () => {
    setBusy(true)
    try {
      save(csvOf(await allBills(filter), nameOf), 'fullreserve-bills.csv')
    } catch (problem) {
      toast(refusal(problem), 'bad')
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button busy={isBusy} onClick={() => void press()}>
      {t('bills.export')}
    </Button>
  )
}

function save(text: string, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

/** Whole days in the reader's zone; the last one counts. */
function filterOf({ ccy, type, from, to }: Chosen): BillFilter {
  const start = (day: string) => new Date(`${day}T00:00:00`).getTime()
  return {
    ...(ccy ? { ccy } : {}),
    ...(type ? { type } : {}),
    ...(from ? { begin: String(start(from)) } : {}),
    ...(to ? { end: String(start(to) + DAY_MS - 1) } : {}),
  }
}

/** What a bill was: its subtype's name, else its type's. */
function billName({ t, has }: Pick<Translator, 't' | 'has'>, { type, subType }: Bill): string {
  const exact = `bill.${type}.${subType}`
  const rough = `bill.${type}`
  if (has(exact)) return t(exact)
  return has(rough) ? t(rough) : `${type}/${subType}`
}
