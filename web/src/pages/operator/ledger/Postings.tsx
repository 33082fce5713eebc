import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { type Column, Table } from '~/ui/Table'
import { Uid } from '../layout/Uid'
import type { Posting } from '../rows'
import { useTranslation } from '../texts'
import { Change } from './Change'

interface PostingsProps {
  rows: readonly Posting[]
  /** Whether they have been posted, so that there is a balance after them. */
  posted?: boolean
}

/** What changes on which account; over all of them the changes come to nothing. */
export function Postings({ rows, posted }: PostingsProps): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const columns: Column<Posting>[] = [
    { id: 'uid', title: t('op.owner'), cell: ({ uid }) => <Uid uid={uid} /> },
    {
      id: 'account',
      title: t('op.account'),
      cell: ({ uid, account, ccy }) => (
        <Link to={`/operator/ledger/${uid}/${account}/${ccy}`}>{account}</Link>
      ),
    },
    { id: 'ccy', title: t('currency'), cell: ({ ccy }) => ccy },
    {
      id: 'change',
      title: t('bills.change'),
      number: true,
      cell: ({ change }) => <Change text={change} />,
    },
  ]
  if (posted) {
    columns.push({
      id: 'after',
      title: t('bills.after'),
      number: true,
      cell: ({ balance }) => amount(balance ?? ''),
    })
  }
  const keyed = rows.map((row, at) => ({ ...row, at: String(at) }))
  return (
    <Table
      label={t('op.postings')}
      columns={columns}
      rows={keyed}
      keyOf={(row) => (row as Posting & { at: string }).at}
      empty={t('op.postings.none')}
      cards
    />
  )
}
