import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import cells from '../layout/Cells.module.css'
import { useTranslation } from '../texts'
import type { PaidSince, Reconciliation } from './rows'

/** What the chain had paid since a backup that was put back; nothing where none was. */
export function PaidSinceSection({ found }: { found: Reconciliation }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const columns = useColumns()
  if (!found.paidSince) return null
  const { restoredTs, payments } = found.paidSince
  const title = t('op.paidSince', { network: found.network })
  return (
    <Section
      title={title}
      about={
        <>
          {t('op.paidSince.restored')} {date(restoredTs)} · {t('op.paidSince.about')}
        </>
      }
      flush
    >
      <Table
        label={title}
        columns={columns}
        rows={payments}
        keyOf={({ txId }) => txId}
        empty={t('op.paidSince.none')}
        cards
      />
    </Section>
  )
}

function useColumns(): Column<PaidSince>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'tx',
      title: t('op.wd.tx'),
      cell: ({ txId }) => <span className={cells.long}>{txId}</span>,
    },
    {
      id: 'paid',
      title: t('op.withdrawals'),
      cell: ({ wdIds, likelyWdIds }) => {
        if (wdIds.length > 0) return <Withdrawals wdIds={wdIds} />
        return (
          <span className={cells.long}>
            {t('op.paidSince.stranger')}
            {likelyWdIds.length > 0 && (
              <>
                {' · '}
                {t('op.paidSince.likely')} <Withdrawals wdIds={likelyWdIds} />
              </>
            )}
          </span>
        )
      },
    },
  ]
}

function Withdrawals({ wdIds }: { wdIds: string[] }): ReactNode {
  return (
    <span className={cells.words}>
      {wdIds.map((wdId) => (
        <Link key={wdId} to={`/operator/withdrawals/${wdId}`}>
          …{wdId.slice(-6)}
        </Link>
      ))}
    </span>
  )
}
