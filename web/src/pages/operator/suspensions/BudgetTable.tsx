import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Field } from '~/ui/Field'
import { type Column, Table } from '~/ui/Table'
import type { ControlProps } from '../layout/actFields'
import { useTranslation } from '../texts'
import css from './Budgets.module.css'
import { budgetsOf, changed, faultsOf, isOverHot, ticksOf, totalsOf, withTyped } from './budgets'
import type { BudgetLine } from './rows'

interface TableProps {
  lines: readonly BudgetLine[]
  intervalMs: string
}

/** What each line of a plan pays in a tick, beside what waits there; and what that comes to. */
export function BudgetTable({ lines, intervalMs }: TableProps): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const columns: Column<BudgetLine>[] = [
    ...useWaiting(),
    {
      id: 'budget',
      title: t('op.sus.budget.amount'),
      number: true,
      cell: ({ budget, ccy }) => `${amount(budget)} ${ccy}`,
    },
    {
      id: 'transactions',
      title: t('op.sus.budget.transactions'),
      number: true,
      cell: ({ transactions }) => amount(transactions),
    },
    useTicks(),
  ]
  return (
    <div className={css.budgets}>
      <Lines columns={columns} lines={lines} />
      <BudgetTotals lines={lines} intervalMs={intervalMs} />
    </div>
  )
}

/** The same with a field for each number. */
export function BudgetFields(props: ControlProps & { lines: readonly BudgetLine[] }): ReactNode {
  const { lines, value, error, onChange } = props
  const { t } = useTranslation()
  const columns: Column<BudgetLine>[] = [
    ...useWaiting(),
    {
      id: 'budget',
      title: t('op.sus.budget.amount'),
      cell: (line) => <AmountField line={line} value={value} onChange={onChange} />,
    },
    {
      id: 'transactions',
      title: t('op.sus.budget.transactions'),
      cell: (line) => <TransactionsField line={line} value={value} onChange={onChange} />,
    },
    useTicks(),
  ]
  return (
    <div className={css.budgets}>
      <span className={css.label}>{t('op.sus.budgets')}</span>
      <Lines columns={columns} lines={withTyped(lines, value)} />
      {error ? (
        <span className={css.fault} role="alert">
          {error}
        </span>
      ) : null}
    </div>
  )
}

/** What of a queue is paid by when, at the soonest. */
export function BudgetTotals({ lines, intervalMs }: TableProps): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const { count, usd, transactions, ticks } = totalsOf(lines)
  const seconds = Number(intervalMs) / 1000 || '–'
  const minutes = Math.ceil((ticks * Number(intervalMs)) / 60_000)
  return (
    <p className={css.totals}>
      <b>{t('op.sus.budget.waiting', { count, usd: amount(Number(usd).toFixed(0)) })}</b>{' '}
      {t('op.sus.budget.eachTick', { transactions, seconds })}{' '}
      {ticks > 0 ? t('op.sus.budget.soonest', { ticks, minutes: minutes || 1 }) : null}
    </p>
  )
}

function Lines(props: {
  columns: readonly Column<BudgetLine>[]
  lines: readonly BudgetLine[]
}): ReactNode {
  const { t } = useTranslation()
  return (
    <div className={css.table}>
      <Table
        label={t('op.sus.budgets')}
        columns={props.columns}
        rows={props.lines}
        keyOf={({ chain }) => chain}
        empty={t('op.sus.budget.none')}
        cards
      />
    </div>
  )
}

function useWaiting(): Column<BudgetLine>[] {
  const { t } = useTranslation()
  const amount = useAmounts()
  return [
    { id: 'chain', title: t('op.sus.line'), cell: ({ chain }) => <b>{chain}</b> },
    {
      id: 'count',
      title: t('op.sus.budget.waits'),
      number: true,
      cell: ({ count }) => amount(count),
    },
    {
      id: 'amt',
      title: t('form.size'),
      number: true,
      cell: ({ count, amt, ccy }) => (count === '0' ? '–' : `${amount(amt)} ${ccy}`),
    },
    {
      id: 'hot',
      title: t('op.sus.budget.hot'),
      number: true,
      cell: ({ hot, ccy }) => `${amount(hot)} ${ccy}`,
    },
  ]
}

function useTicks(): Column<BudgetLine> {
  const { t } = useTranslation()
  const amount = useAmounts()
  return {
    id: 'ticks',
    title: t('op.sus.budget.ticks'),
    number: true,
    cell: (line) => (line.count === '0' ? '–' : amount(String(ticksOf(line)))),
  }
}

interface FieldProps {
  line: BudgetLine
  value: string
  onChange(value: string): void
}

function AmountField({ line, value, onChange }: FieldProps): ReactNode {
  const { t } = useTranslation()
  const { chain, ccy, decimals } = line
  const budget = budgetsOf(value).get(chain) ?? { amount: '', transactions: '' }
  const fault = faultsOf(line, budget).amount
  const isOver = !fault && isOverHot({ budget: budget.amount, hot: line.hot })
  return (
    <span className={css.field}>
      <Field
        quiet
        label={t('op.sus.budget.amountOf', { chain })}
        value={budget.amount}
        inputMode="decimal"
        spellCheck={false}
        after={ccy}
        error={
          fault ? t(`op.sus.budget.fault.${fault}`, { decimals: Number(decimals) }) : undefined
        }
        hint={isOver ? t('op.sus.budget.overHot') : undefined}
        onChange={(event) => onChange(changed(value, chain, { amount: event.currentTarget.value }))}
      />
    </span>
  )
}

function TransactionsField({ line, value, onChange }: FieldProps): ReactNode {
  const { t } = useTranslation()
  const { chain } = line
  const budget = budgetsOf(value).get(chain) ?? { amount: '', transactions: '' }
  const fault = faultsOf(line, budget).transactions
  return (
    <span className={css.few}>
      <Field
        quiet
        label={t('op.sus.budget.transactionsOf', { chain })}
        value={budget.transactions}
        inputMode="numeric"
        spellCheck={false}
        error={fault ? t(`op.sus.budget.fault.${fault}`) : undefined}
        onChange={(event) =>
          onChange(changed(value, chain, { transactions: event.currentTarget.value }))
        }
      />
    </span>
  )
}
