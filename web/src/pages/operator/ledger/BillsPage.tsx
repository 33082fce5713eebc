import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useAmounts } from '~/pages/account/layout/amounts'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { PagedTable } from '~/pages/trade/orders/PagedTable'
import { PAGE_ROWS, usePages } from '~/pages/trade/orders/pages'
import type { Column } from '~/ui/Table'
import css from '../layout/Cells.module.css'
import { useMoments } from '../layout/moments'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import type { LedgerBill } from '../rows'
import { type MessageKey, useTranslation } from '../texts'
import { Change } from './Change'

/** Every change of one balance, newest first; each leads to its command. */
export function BillsPage(): ReactNode {
  const { t } = useTranslation()
  const { uid, account, ccy } = useParams({ strict: false }) as Record<
    'uid' | 'account' | 'ccy',
    string
  >
  const pages = usePages<LedgerBill>(
    ['operator', 'bills', uid, account, ccy],
    (after) =>
      rest.get<LedgerBill, 'x/operator/bills'>('x/operator/bills', {
        uid,
        account,
        ccy,
        limit: PAGE_ROWS,
        ...(after ? { after } : {}),
      }),
    ({ billId }) => billId,
  )
  return (
    <>
      <Link to={`/operator/ledger/${uid}`} className={css.back}>
        ‹ {t('op.ledger')}
      </Link>
      <PageHead title={`${account} · ${ccy}`} about={<Uid uid={uid} />} />
      <Section title={t('op.bills')} about={t('op.bills.about')} flush>
        <PagedTable
          label={t('op.bills')}
          columns={useColumns()}
          pages={pages}
          keyOf={({ billId }) => billId}
          empty={t('op.bills.none')}
        />
      </Section>
    </>
  )
}

function useColumns(): Column<LedgerBill>[] {
  const { t, has } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const date = useMoments()
  return [
    { id: 'time', title: t('time'), cell: ({ ts }) => date(ts) },
    {
      id: 'command',
      title: t('op.command'),
      cell: ({ sequence }) => <Link to={`/operator/commands/${sequence}`}>{sequence}</Link>,
    },
    {
      id: 'what',
      title: t('bills.what'),
      cell: ({ type }) =>
        has(`bill.${type}`) ? t(`bill.${type}` as MessageKey) : word('bill', type),
    },
    { id: 'pair', title: t('markets.pair'), cell: ({ instId }) => instId || '–' },
    {
      id: 'change',
      title: t('bills.change'),
      number: true,
      cell: ({ change }) => <Change text={change} />,
    },
    { id: 'after', title: t('bills.after'), number: true, cell: ({ balance }) => amount(balance) },
    {
      id: 'other',
      title: t('op.other'),
      cell: ({ otherUid }) => <Uid uid={otherUid} />,
    },
  ]
}
