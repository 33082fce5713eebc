import type { ReactNode } from 'react'
import { Problem } from '~/pages/account/form/Problem'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { useReading } from '../layout/reading'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import type { Marked } from './rows'

const EVERY_MS = 5_000

/** When hot is refilled and swept, and where it stands. */
export function MarksSection(): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReading<Marked, 'x/operator/tiers'>('x/operator/tiers', {}, EVERY_MS)
  return (
    <Section title={t('op.marks')} about={t('op.marks.about')} flush>
      <Problem problem={error} />
      <Table
        label={t('op.marks')}
        columns={useColumns()}
        rows={data ?? []}
        keyOf={({ chain }) => chain}
        empty={t(data ? 'op.marks.none' : 'loading')}
        cards
      />
    </Section>
  )
}

function useColumns(): Column<Marked>[] {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const figure = (id: keyof Marked, title: string): Column<Marked> => ({
    id,
    title,
    number: true,
    cell: (one) => amount(String(one[id])),
  })
  return [
    { id: 'chain', title: t('op.sus.line'), cell: ({ chain }) => <b>{chain}</b> },
    figure('free', t('op.marks.hot')),
    figure('low', t('op.marks.low')),
    figure('target', t('op.marks.target')),
    figure('cap', t('op.marks.cap')),
    figure('dayMost', t('op.marks.day')),
    figure('warm', t('op.marks.warm')),
    {
      id: 'now',
      title: t('op.marks.now'),
      cell: ({ state }) => (
        <Badge look={state === 'within' ? 'good' : 'plain'}>{word('markState', state)}</Badge>
      ),
    },
  ]
}
