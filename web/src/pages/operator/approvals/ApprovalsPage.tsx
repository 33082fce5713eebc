import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead } from '~/pages/account/layout/Section'
import sectionCss from '~/pages/account/layout/Section.module.css'
import { PagedTable } from '~/pages/trade/orders/PagedTable'
import { PAGE_ROWS, usePages } from '~/pages/trade/orders/pages'
import type { Column } from '~/ui/Table'
import { Tabs } from '~/ui/Tabs'
import { Act } from '../layout/Act'
import css from '../layout/Cells.module.css'
import { ProposeDialog } from '../layout/ProposeDialog'
import { useOperator } from '../layout/roles'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import type { Proposal } from '../rows'
import { useTranslation } from '../texts'
import { CorrectionDialog } from './CorrectionDialog'
import { lookOf } from './state'
import { TermsLine } from './Terms'

type Shown = 'open' | 'closed'

/** What operators decide together. */
export function ApprovalsPage(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  const [shown, setShown] = useState<Shown>('open')
  const tabs = (['open', 'closed'] as const).map((id) => ({
    id,
    title: t(`op.approvals.${id}`),
    content: <List state={id} />,
  }))
  return (
    <>
      <PageHead
        title={t('op.approvals')}
        about={t('op.approvals.about')}
        action={
          <span className={css.acts}>
            {may('support') ? (
              <Act label={t('op.kind.correction')}>
                {(close) => <CorrectionDialog onClose={close} />}
              </Act>
            ) : null}
            {may('trading') ? (
              <Act label={t('op.kind.bust')}>{(close) => <BustDialog onClose={close} />}</Act>
            ) : null}
          </span>
        }
      />
      <section className={sectionCss.section} aria-label={t('op.approvals')}>
        <Tabs<Shown> label={t('op.approvals')} tabs={tabs} value={shown} onChange={setShown} />
      </section>
    </>
  )
}

/** Proposes to take a trade back on both sides. */
function BustDialog({ onClose }: { onClose(): void }): ReactNode {
  const { t } = useTranslation()
  return (
    <ProposeDialog
      kind="bust"
      title={t('op.kind.bust')}
      about={t('op.bust.about')}
      fields={[
        { name: 'instId', label: t('markets.pair'), hint: 'BTC-USDT' },
        { name: 'tradeId', label: t('op.bust.trade') },
      ]}
      onClose={onClose}
    />
  )
}

function List({ state }: { state: Shown }): ReactNode {
  const { t } = useTranslation()
  const pages = usePages<Proposal>(
    ['operator', 'proposals', state],
    (after) =>
      rest.get<Proposal, 'x/operator/proposals'>('x/operator/proposals', {
        state,
        limit: PAGE_ROWS,
        ...(after ? { after } : {}),
      }),
    ({ proposal }) => proposal,
  )
  return (
    <PagedTable
      label={t(`op.approvals.${state}`)}
      columns={useColumns()}
      pages={pages}
      keyOf={({ proposal }) => proposal}
      empty={t('op.approvals.none')}
    />
  )
}

function useColumns(): Column<Proposal>[] {
  const { t } = useTranslation()
  const word = useWords()
  const date = useDates()
  return [
    {
      id: 'number',
      title: t('op.number'),
      cell: ({ proposal }) => <Link to={`/operator/approvals/${proposal}`}>{proposal}</Link>,
    },
    { id: 'kind', title: t('op.kind'), cell: ({ kind }) => word('kind', kind) },
    { id: 'terms', title: t('op.terms'), cell: (row) => <TermsLine terms={row.terms} /> },
    { id: 'proposer', title: t('op.proposer'), cell: ({ proposer }) => <Uid uid={proposer} /> },
    {
      id: 'approvals',
      title: t('op.given'),
      cell: ({ approvals, needed }) => t('op.given.of', { given: approvals.length, needed }),
    },
    {
      id: 'state',
      title: t('op.state'),
      cell: ({ state }) => <Badge look={lookOf(state)}>{word('proposal', state)}</Badge>,
    },
    { id: 'created', title: t('account.created'), cell: ({ createdTs }) => date(createdTs) },
    { id: 'expires', title: t('op.expires'), cell: ({ expiresTs }) => date(expiresTs) },
  ]
}
