import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { Act } from '../layout/Act'
import css from '../layout/Cells.module.css'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { useWords } from '../layout/words'
import type { Parameter, Suspension } from '../rows'
import { useTranslation } from '../texts'
import { SuspensionDialog } from './SuspensionDialog'

/** What bounds the whole exchange: parameters of its core, and what is suspended. */
export function LimitsPage(): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <PageHead title={t('op.limits')} about={t('op.limits.about')} />
      <Parameters />
      <Suspensions />
    </>
  )
}

function Parameters(): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const { may } = useOperator()
  const { data, error } = useReading<Parameter, 'x/operator/parameters'>(
    'x/operator/parameters',
    {},
  )
  const columns: Column<Parameter>[] = [
    {
      id: 'name',
      title: t('op.parameter'),
      cell: ({ parameter }) => (
        <span className={css.long}>
          <code>{parameter}</code> <span className="muted">{word('parameter', parameter)}</span>
        </span>
      ),
    },
    { id: 'value', title: t('op.value'), number: true, cell: ({ value }) => amount(value) },
  ]
  if (may('admin')) {
    columns.push({
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: ({ parameter, value }) => (
        <Act label={t('account.edit')} about={parameter} size="small">
          {(close) => (
            <ProposeDialog
              kind="parameter"
              title={t('op.kind.parameter')}
              about={word('parameter', parameter)}
              fixed={{ parameter }}
              fields={[{ name: 'value', label: parameter, initial: value }]}
              onClose={close}
            />
          )}
        </Act>
      ),
    })
  }
  return (
    <Section title={t('op.parameters')} flush>
      <ReadingProblem problem={error} />
      <Table
        label={t('op.parameters')}
        columns={columns}
        rows={data ?? []}
        keyOf={({ parameter }) => parameter}
        empty={t(data ? 'op.none' : 'loading')}
        cards
      />
    </Section>
  )
}

function Suspensions(): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const { may } = useOperator()
  const { data, error } = useReading<Suspension, 'x/operator/suspensions'>(
    'x/operator/suspensions',
    {},
  )
  const columns: Column<Suspension>[] = [
    { id: 'number', title: t('op.number'), cell: ({ suspension }) => suspension },
    {
      id: 'actions',
      title: t('op.suspended'),
      cell: ({ actions }) => (
        <span className={css.long}>{actions.map((one) => word('action', one)).join(', ')}</span>
      ),
    },
    { id: 'level', title: t('op.level'), cell: ({ level }) => word('level', level) },
    { id: 'key', title: t('op.key'), number: true, cell: ({ key }) => key },
  ]
  if (may('admin')) {
    columns.push({
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (row) => (
        <Act label={t('account.edit')} about={row.suspension} size="small">
          {(close) => <SuspensionDialog row={row} onClose={close} />}
        </Act>
      ),
    })
  }
  const next = Math.max(0, ...(data ?? []).map(({ suspension }) => Number(suspension))) + 1
  return (
    <Section
      title={t('op.suspensions')}
      flush
      action={
        may('admin') ? (
          <Act label={t('op.suspend')}>
            {(close) => <SuspensionDialog next={String(next)} onClose={close} />}
          </Act>
        ) : null
      }
    >
      <ReadingProblem problem={error} />
      <Table
        label={t('op.suspensions')}
        columns={columns}
        rows={data ?? []}
        keyOf={({ suspension }) => suspension}
        empty={t(data ? 'op.suspensions.none' : 'loading')}
        cards
      />
    </Section>
  )
}
