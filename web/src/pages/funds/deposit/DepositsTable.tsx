import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Problem } from '~/pages/account/form/Problem'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { type Column, Table } from '~/ui/Table'
import { type Line, networkOf } from '../currencies'
import { Confirmations } from '../layout/Confirmations'
import css from '../layout/Funds.module.css'
import { type Deposit, isHeld, isTakenBack, useDeposits } from './deposits'

/** One's own deposits; confirmations count while one looks. */
export function DepositsTable({ lines }: { lines: readonly Line[] }): ReactNode {
  const { t } = useTranslation()
  const { rows, error } = useDeposits()
  return (
    <>
      <Problem problem={error} />
      <Table
        label={t('deposit.list')}
        columns={useColumns(lines)}
        rows={rows ?? []}
        keyOf={({ depId }) => depId}
        empty={t(rows ? 'deposit.none' : 'loading')}
        cards
      />
    </>
  )
}

function useColumns(lines: readonly Line[]): Column<Deposit>[] {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  return [
    { id: 'time', title: t('time'), cell: ({ ts }) => date(ts) },
    {
      id: 'amount',
      title: t('form.size'),
      number: true,
      cell: ({ amt, ccy }) => (
        <b>
          {amount(amt)} {ccy}
        </b>
      ),
    },
    {
      id: 'network',
      title: t('funds.network'),
      // What another user sent is on no chain.
      cell: ({ chain }) => (chain ? networkOf(chain) : t('withdraw.inside')),
    },
    {
      id: 'state',
      title: t('funds.state'),
      cell: (row) => <State row={row} line={lines.find(({ chain }) => chain === row.chain)} />,
    },
    {
      id: 'detail',
      title: <span className="unseen">{t('funds.detail')}</span>,
      number: true,
      cell: ({ depId, amt, ccy }) => (
        <Link
          to={`/deposit/${depId}`}
          className={css.link}
          aria-label={t('deposit.detail.one', { amount: amount(amt), ccy })}
        >
          {t('funds.detail')}
        </Link>
      ),
    },
  ]
}

interface StateProps {
  row: Deposit
  line: Line | undefined
}

/** In words; while it is not complete, also how many confirmations are there. */
export function State({ row, line }: StateProps): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const { state, ccy, xMissing, xOwed } = row
  if (isTakenBack(row)) {
    const owed = xOwed ? t('deposit.state.owed', { owed: amount(xOwed), ccy }) : null
    return <Badge look="bad">{owed ?? t('deposit.state.-1')}</Badge>
  }
  const look = state === '2' ? 'good' : isHeld(row) || state === '8' ? 'bad' : 'plain'
  if (state === '0' && xMissing) {
    return (
      <Badge look="plain">{t('deposit.state.small', { missing: amount(xMissing), ccy })}</Badge>
    )
  }
  const needed = state === '0' ? line?.minDepArrivalConfirm : line?.minWdUnlockConfirm
  return (
    <span className={css.cell}>
      <Badge look={look}>{t(`deposit.state.${state}`)}</Badge>
      {needed && (state === '0' || state === '1') ? (
        <Confirmations count={Number(row.actualDepBlkConfirm)} needed={Number(needed)} />
      ) : null}
    </span>
  )
}
