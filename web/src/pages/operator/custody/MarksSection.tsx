import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import type { Column } from '~/ui/Table'
import { ReadingSection } from '../layout/ReadingSection'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import type { Marked } from './rows'

const EVERY_MS = 5_000

/** When hot is refilled and swept, and where it stands. */
export function MarksSection(): ReactNode {
  const { t } = useTranslation()
  return (
    <ReadingSection<Marked>
      title={t('op.marks')}
      about={t('op.marks.about')}
      path="x/operator/tiers"
      every={EVERY_MS}
      columns={useColumns()}
      keyOf={({ chain }) => chain}
      none={t('op.marks.none')}
    />
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
