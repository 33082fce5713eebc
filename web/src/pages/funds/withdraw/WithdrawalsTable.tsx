import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from '~/i18n'
import { Problem } from '~/pages/account/form/Problem'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import { brief, useBook } from '../addresses/book'
import { networkOf } from '../currencies'
import css from '../layout/Funds.module.css'
import { CancelDialog } from './CancelDialog'
import { ConfirmDialog } from './ConfirmDialog'
import { HeldUntil } from './HeldUntil'
import { QueuePlace } from './QueuePlace'
import { Tranches } from './Tranches'
import {
  isCancelable,
  isInside,
  isToConfirm,
  stateKey,
  useWithdrawals,
  type Withdrawal,
  whole,
} from './withdrawals'

/** One's own withdrawals, with the place in the queue of those that wait. */
export function WithdrawalsTable(): ReactNode {
  const { t } = useTranslation()
  const { rows, error } = useWithdrawals()
  const [cancelled, setCancelled] = useState<Withdrawal | null>(null)
  const [confirmed, setConfirmed] = useState<Withdrawal | null>(null)
  return (
    <>
      <Problem problem={error} />
      <Table
        label={t('withdraw.list')}
        columns={useColumns(setCancelled, setConfirmed)}
        rows={rows ?? []}
        keyOf={({ wdId }) => wdId}
        empty={t(rows ? 'withdraw.none' : 'loading')}
        cards
      />
      {cancelled ? <CancelDialog row={cancelled} onClose={() => setCancelled(null)} /> : null}
      {confirmed ? <ConfirmDialog row={confirmed} onClose={() => setConfirmed(null)} /> : null}
    </>
  )
}

type Chosen = (row: Withdrawal) => void

function useColumns(onCancel: Chosen, onConfirm: Chosen): Column<Withdrawal>[] {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  const { book } = useBook()
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
      id: 'to',
      title: t('withdraw.to'),
      cell: (row) => (
        <span className={css.cell}>
          <span>
            {isInside(row)
              ? t('withdraw.inside')
              : (book?.find(({ addr }) => addr === whole(row))?.label ?? networkOf(row.chain))}
          </span>
          <small className={css.brief}>{isInside(row) ? `UID ${row.to}` : brief(row.to)}</small>
        </span>
      ),
    },
    { id: 'state', title: t('funds.state'), cell: (row) => <State row={row} /> },
    {
      id: 'actions',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (row) => (
        <Actions row={row} onCancel={() => onCancel(row)} onConfirm={() => onConfirm(row)} />
      ),
    },
  ]
}

interface ActionsProps {
  row: Withdrawal
  onCancel(): void
  onConfirm(): void
}

function Actions({ row, onCancel, onConfirm }: ActionsProps): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const values = { amount: amount(row.amt), ccy: row.ccy }
  return (
    <span className={css.acts}>
      {isToConfirm(row) ? (
        <Button
          size="small"
          look="primary"
          aria-label={t('withdraw.confirm.one', values)}
          onClick={onConfirm}
        >
          {t('withdraw.confirm.short')}
        </Button>
      ) : null}
      {isCancelable(row) ? (
        <Button size="small" aria-label={t('withdraw.cancel.one', values)} onClick={onCancel}>
          {t('cancel')}
        </Button>
      ) : null}
      <Link
        to={`/withdraw/${row.wdId}`}
        className={css.link}
        aria-label={t('withdraw.detail.one', values)}
      >
        {t('funds.detail')}
      </Link>
    </span>
  )
}

/** In words, with the place in the queue where it waits for one. */
export function State({ row }: { row: Withdrawal }): ReactNode {
  const { t } = useTranslation()
  const look = row.state === '2' ? 'good' : row.state === '-1' ? 'bad' : 'plain'
  return (
    <span className={css.cell}>
      <Badge look={look}>{t(stateKey(row))}</Badge>
      <small>
        <Tranches row={row} />
        <QueuePlace row={row} />
        <HeldUntil row={row} />
      </small>
    </span>
  )
}
