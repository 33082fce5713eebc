import { Link } from '@tanstack/react-router'
import { Fragment, type ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import cells from '../layout/Cells.module.css'
import { useNow } from '../layout/now'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useTranslation } from '../texts'
import { GiftsSection } from './GiftsSection'
import { OneNetwork } from './Networks'
import { type Total, totals } from './numbers'
import { PaidSinceSection } from './PaidSinceSection'
import { useReconciliations } from './ReconciliationSummary'

/** Ledger against chain: each currency over all, then each network line by line. */
export function ReconciliationPage(): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReconciliations()
  const nowMs = useNow(true)
  return (
    <>
      <Link to="/operator/custody" className={cells.back}>
        ‹ {t('op.custody')}
      </Link>
      <PageHead title={t('op.reconciliation')} about={t('op.reconciliation.about')} />
      <ReadingProblem problem={error} />
      <Section title={t('op.reconciliation.byCcy')} flush>
        <Table
          label={t('op.reconciliation.byCcy')}
          columns={useColumns()}
          rows={totals(data ?? [])}
          keyOf={({ ccy }) => ccy}
          empty={t(data ? 'op.reconciliation.none' : 'loading')}
          cards
        />
      </Section>
      {data?.map((one) => (
        <Fragment key={one.network}>
          <OneNetwork found={one} nowMs={nowMs} />
          <GiftsSection found={one} />
          <PaidSinceSection found={one} />
        </Fragment>
      ))}
    </>
  )
}

function useColumns(): Column<Total>[] {
  const { t } = useTranslation()
  const amount = useAmounts()
  return [
    { id: 'ccy', title: t('currency'), cell: ({ ccy }) => <b>{ccy}</b> },
    { id: 'ledger', title: t('op.ledger'), number: true, cell: ({ ledger }) => amount(ledger) },
    { id: 'chain', title: t('op.onChain'), number: true, cell: ({ chain }) => amount(chain) },
    {
      id: 'breaks',
      title: t('op.state'),
      cell: ({ breaks, isNow }) => (
        <Badge look={breaks > 0 ? 'bad' : isNow ? 'good' : 'plain'}>
          {breaks > 0 || isNow
            ? t('op.reconciliation.breaks', { count: breaks })
            : t('op.reconciliation.notNow')}
        </Badge>
      ),
    },
  ]
}
