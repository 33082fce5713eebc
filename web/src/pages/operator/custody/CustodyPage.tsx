import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Problem } from '~/pages/account/form/Problem'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import cells from '../layout/Cells.module.css'
import { useReading } from '../layout/reading'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import { CapsSection } from './CapsSection'
import { ClaimsSection } from './ClaimsSection'
import css from './Custody.module.css'
import { LivenessSection } from './LivenessSection'
import { MissedSection } from './MissedSection'
import { breaks, percent, worthShowing } from './numbers'
import type { Compared, Line, Reconciliation } from './rows'

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
      <CapsSection />
      <Reconciliations />
      <ClaimsSection />
      <MissedSection />
    </>
  )
}

function Tiers(): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const { data, error } = useReading<Line, 'x/operator/custody'>('x/operator/custody', {}, EVERY_MS)
  const tier = (name: string): Column<Line> => ({
    id: name,
    title: word('tierName', name),
    number: true,
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
      cell: (one) => (
        <span className={Number(one.break) ? css.break : undefined}>{amount(one.break)}</span>
      ),
    },
    {
      id: 'node',
      title: t('op.custody.node'),
      cell: ({ height, healthy }) => (
        <Badge look={healthy ? 'good' : 'bad'}>
          {height ? t('op.custody.block', { height: amount(height) }) : t('op.custody.noBlock')}
        </Badge>
      ),
    },
  ]
  return (
    <Section title={t('op.tierTable')} about={t('op.tierTable.about')} flush>
      <Problem problem={error} />
      <Table
        label={t('op.tierTable')}
        columns={columns}
        rows={data ?? []}
        keyOf={({ chain }) => chain}
        empty={t(data ? 'op.custody.none' : 'loading')}
        cards
      />
    </Section>
  )
}

function Reconciliations(): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReading<Reconciliation, 'x/operator/custody/reconciliation'>(
    'x/operator/custody/reconciliation',
    {},
    EVERY_MS,
  )
  return (
    <>
      <Problem problem={error} />
      {data?.length === 0 ? (
        <Section title={t('op.reconciliation')} about={t('op.reconciliation.none')} />
      ) : null}
      {data?.map((one) => (
        <OneNetwork key={one.network} found={one} />
      ))}
    </>
  )
}

function OneNetwork({ found }: { found: Reconciliation }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const amount = useAmounts()
  const broken = breaks(found.lines)
  return (
    <Section
      title={t('op.reconciliation.of', { network: found.network })}
      about={
        <>
          {t('op.custody.block', { height: amount(found.height) })} · {date(found.ts)}
        </>
      }
      action={
        <span role="status">
          <Badge look={broken.length > 0 ? 'bad' : 'good'}>
            {t('op.reconciliation.breaks', { count: broken.length })}
          </Badge>
        </span>
      }
      flush
    >
      <Table
        label={t('op.reconciliation.of', { network: found.network })}
        columns={useCompared()}
        rows={worthShowing(found.lines)}
        keyOf={({ tier, ccy }) => `${tier}/${ccy}`}
        empty="–"
        cards
      />
    </Section>
  )
}

function useCompared(): Column<Compared>[] {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  return [
    {
      id: 'tier',
      title: t('op.tierColumn'),
      cell: ({ tier, ccy }) => (
        <span>
          <b>{ccy}</b> {word('tierName', tier)}
        </span>
      ),
    },
    { id: 'ledger', title: t('op.ledger'), number: true, cell: ({ ledger }) => amount(ledger) },
    { id: 'chain', title: t('op.onChain'), number: true, cell: ({ chain }) => amount(chain) },
    {
      id: 'allowed',
      title: t('op.allowed'),
      number: true,
      cell: ({ lowest, highest }) => `${amount(lowest)} – ${amount(highest)}`,
    },
    {
      id: 'difference',
      title: t('op.difference'),
      number: true,
      cell: ({ difference }) => (
        <span className={Number(difference) ? css.break : undefined}>{amount(difference)}</span>
      ),
    },
    {
      id: 'stopped',
      title: t('op.stoppedBy'),
      cell: ({ suspension }) =>
        suspension ? (
          <Link to={`/operator/suspensions/${suspension}`} className={cells.long}>
            {t('op.sus.one', { number: suspension })}
          </Link>
        ) : (
          '–'
        ),
    },
  ]
}
