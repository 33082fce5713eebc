import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import type { Proposal } from '../rows'
import { useTranslation } from '../texts'
import { TermsLine } from './Terms'

const EVERY_MS = 5_000

/** What of some kinds waits for approvals, each with the way to it; nothing where nothing does. */
export function OpenProposals({ kinds }: { kinds: readonly string[] }): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReading<Proposal, 'x/operator/proposals'>(
    'x/operator/proposals',
    { state: 'open' },
    EVERY_MS,
  )
  const columns = useColumns()
  const rows = data?.filter(({ kind }) => kinds.includes(kind)) ?? []
  if (error) return <ReadingProblem problem={error} />
  if (rows.length === 0) return null
  return (
    <Section title={t('op.waiting')} about={t('op.waiting.about')} flush>
      <Table
        label={t('op.waiting')}
        columns={columns}
        rows={rows}
        keyOf={({ proposal }) => proposal}
        empty={t('op.none')}
        cards
      />
    </Section>
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
    { id: 'terms', title: t('op.terms'), cell: ({ terms }) => <TermsLine terms={terms} /> },
    { id: 'proposer', title: t('op.proposer'), cell: ({ proposer }) => <Uid uid={proposer} /> },
    {
      id: 'approvals',
      title: t('op.given'),
      cell: ({ approvals, needed }) => t('op.given.of', { given: approvals.length, needed }),
    },
    { id: 'expires', title: t('op.expires'), cell: ({ expiresTs }) => date(expiresTs) },
  ]
}
