import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { Table } from '~/ui/Table'
import { Problem } from '../form/Problem'
import { useAmounts } from '../layout/amounts'
import { useDates } from '../layout/dates'
import { Section } from '../layout/Section'
import { ALL_HOLDINGS } from './rows'

interface Bill {
  billId: string
  ccy: string
  amt: string
  /** '0' from the master, '1' to it. */
  type: '0' | '1'
  ts: string
}

/** The newest transfers between the master and a sub-account. */
export function Transfers({ sub }: { sub: string }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const amount = useAmounts()
  const { data: rows, error } = useQuery({
    queryKey: [...ALL_HOLDINGS, sub, 'bills'],
    queryFn: () =>
      rest.get<Bill, 'asset/subaccount/bills'>('asset/subaccount/bills', { subAcct: sub }),
  })
  return (
    <Section title={t('subs.transfers')} flush>
      <Problem problem={error} />
      <Table
        label={t('subs.transfers')}
        columns={[
          { id: 'time', title: t('subs.time'), cell: (row) => date(row.ts) },
          {
            id: 'way',
            title: t('subs.way'),
            cell: (row) => t(row.type === '0' ? 'subs.way.to' : 'subs.way.from'),
          },
          { id: 'ccy', title: t('subs.ccy'), cell: (row) => row.ccy },
          { id: 'amt', title: t('subs.amount'), number: true, cell: (row) => amount(row.amt) },
        ]}
        rows={rows ?? []}
        keyOf={(row) => row.billId}
        empty={t(rows ? 'subs.noTransfers' : 'account.loading')}
        cards
      />
    </Section>
  )
}
