import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { PageHead } from '~/pages/account/layout/Section'
import type { Column } from '~/ui/Table'
import { ReadingSection } from '../layout/ReadingSection'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import { AnnouncedSection } from './AnnouncedSection'
import { CapsSection } from './CapsSection'
import { ClaimsSection } from './ClaimsSection'
import css from './Custody.module.css'
import { KeptSection } from './KeptSection'
import { LivenessSection } from './LivenessSection'
import { LossesSection } from './LossesSection'
import { MarksSection } from './MarksSection'
import { MissedSection } from './MissedSection'
import { MovesSection } from './MovesSection'
import { isBroken, percent } from './numbers'
import { OwedSection } from './OwedSection'
import { ReconciliationSummary } from './ReconciliationSummary'
import type { Line } from './rows'
import { UnallottedSection } from './UnallottedSection'
import { UnderWaySection } from './UnderWaySection'
import { UnsignedSection } from './UnsignedSection'

const EVERY_MS = 5_000

/** Where coins lie, who can move them, and whether chain and ledger agree. */
export function CustodyPage(): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <PageHead
        title={t('op.custody')}
        about={t('op.custody.about')}
        action={<Link to="/operator/ceremony">{t('op.ceremony')}</Link>}
      />
      <LivenessSection />
      <Tiers />
      <MarksSection />
      <MovesSection />
      <UnsignedSection />
      <AnnouncedSection />
      <CapsSection />
      <ReconciliationSummary />
      <LossesSection />
      <UnallottedSection />
      <ClaimsSection />
      <MissedSection />
      <UnderWaySection />
      <KeptSection />
      <OwedSection />
    </>
  )
}

/** What the ledger lacked, and what the last comparison found apart, by tier. */
function Break({ line }: { line: Line }): ReactNode {
  const word = useWords()
  const amount = useAmounts()
  const { differences } = line
  const isLedgers = isBroken(line)
  return (
    <span className={css.tier}>
      {isLedgers || differences.length === 0 ? (
        <span className={isLedgers ? css.break : undefined}>{amount(line.break)}</span>
      ) : null}
      {differences.map(({ tier, amt }) => (
        <span key={tier} className={css.break}>
          {word('tierName', tier)} {amount(amt)}
        </span>
      ))}
    </span>
  )
}

function Tiers(): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const tier = (name: string): Column<Line> => ({
    id: name,
    title: word('tierName', name),
    number: true,
    detail: true,
    cell: ({ tiers }) => {
      const found = tiers.find((one) => one.tier === name)
      if (!found) return '–'
      return (
        <span className={css.tier}>
          <span>{amount(found.amt)}</span>
          <span className={css.share}>{percent(found.share)}</span>
        </span>
      )
    },
  })
  const columns: Column<Line>[] = [
    { id: 'chain', title: t('op.sus.line'), cell: ({ chain }) => <b>{chain}</b> },
    ...['hot', 'warm', 'cold', 'deposit'].map(tier),
    { id: 'all', title: t('op.custody.all'), number: true, cell: ({ amt }) => amount(amt) },
    {
      id: 'break',
      title: t('op.custody.break'),
      number: true,
      cell: (one) => <Break line={one} />,
    },
    {
      id: 'node',
      title: t('op.custody.node'),
      cell: ({ height, healthy }) => (
        <Badge look={!height ? 'plain' : healthy ? 'good' : 'bad'}>
          {height ? t('op.custody.block', { height: amount(height) }) : t('op.custody.noBlock')}
        </Badge>
      ),
    },
  ]
  return (
    <ReadingSection<Line>
      title={t('op.tierTable')}
      about={t('op.tierTable.about')}
      path="x/operator/custody"
      every={EVERY_MS}
      columns={columns}
      keyOf={({ chain }) => chain}
      none={t('op.custody.none')}
    />
  )
}
