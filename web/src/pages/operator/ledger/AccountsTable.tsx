import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { type Column, Table } from '~/ui/Table'
import css from '../layout/Cells.module.css'
import { useMoments } from '../layout/moments'
import { useWords } from '../layout/words'
import type { Account } from '../rows'
import { useTranslation } from '../texts'

interface AccountsProps {
  uid: string
  rows: readonly Account[]
}

/** Balances of an owner as the ledger has them; each leads to its bills. */
export function AccountsTable({ uid, rows }: AccountsProps): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const date = useMoments()
  const columns: Column<Account>[] = [
    {
      id: 'account',
      title: t('op.account'),
      cell: ({ account, ccy }) => (
        <Link to={`/operator/ledger/${uid}/${account}/${ccy}`}>{account}</Link>
      ),
    },
    {
      id: 'meaning',
      title: t('op.meaning'),
      cell: ({ account, meaning, instance }) => {
        const known = word('chart', account)
        const text = known === account ? meaning : known
        return <span className={css.long}>{instance === '0' ? text : `${text} (${instance})`}</span>
      },
      wideOnly: true,
    },
    { id: 'ccy', title: t('currency'), cell: ({ ccy }) => ccy },
    {
      id: 'balance',
      title: t('op.balance'),
      number: true,
      cell: ({ balance }) => amount(balance),
    },
    {
      id: 'hold',
      title: t('op.hold'),
      number: true,
      detail: true,
      cell: ({ hold }) => amount(hold),
    },
    {
      id: 'updated',
      title: t('op.updated'),
      detail: true,
      cell: ({ updatedTs }) => date(updatedTs),
    },
  ]
  return (
    <Table
      label={t('op.balances')}
      columns={columns}
      rows={rows}
      keyOf={({ account, instance, ccy }) => `${account}/${instance}/${ccy}`}
      empty={t('op.balances.none')}
      cards
    />
  )
}
