import type { ReactNode } from 'react'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { percentText } from '../instruments/terms'
import { Act } from '../layout/Act'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import type { FeeTier } from '../rows'
import { useTranslation } from '../texts'
import { TierDialog } from './TierDialog'

/** What trading costs in each tier; changes are proposed. */
export function FeesPage(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  const { data, error } = useReading<FeeTier, 'x/operator/fees'>('x/operator/fees', {})
  const columns: Column<FeeTier>[] = [
    { id: 'tier', title: t('op.tier'), cell: ({ tier }) => <b>{tier}</b> },
    { id: 'maker', title: t('op.maker'), number: true, cell: ({ maker }) => percentText(maker) },
    { id: 'taker', title: t('op.taker'), number: true, cell: ({ taker }) => percentText(taker) },
  ]
  if (may('trading')) {
    columns.push({
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (row) => (
        <Act label={t('account.edit')} about={t('op.tier.one', { tier: row.tier })} size="small">
          {(close) => <RatesDialog row={row} onClose={close} />}
        </Act>
      ),
    })
  }
  const action = may('trading') ? (
    <>
      <Act label={t('op.tier.new')}>{(close) => <RatesDialog onClose={close} />}</Act>
      <Act label={t('op.kind.user-tier')}>{(close) => <TierDialog onClose={close} />}</Act>
    </>
  ) : null
  return (
    <>
      <PageHead title={t('op.fees')} about={t('op.fees.about')} />
      <ReadingProblem problem={error} />
      <Section title={t('op.tiers')} flush action={action}>
        <Table
          label={t('op.tiers')}
          columns={columns}
          rows={data ?? []}
          keyOf={({ tier }) => tier}
          empty={t(data ? 'op.none' : 'loading')}
          cards
        />
      </Section>
    </>
  )
}

/** Proposes the rates of a tier that there is, or of a new one. */
function RatesDialog({ row, onClose }: { row?: FeeTier; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const rate = t('op.rate.hint')
  return (
    <ProposeDialog
      kind="fee-tier"
      title={row ? t('op.tier.one', { tier: row.tier }) : t('op.tier.new')}
      {...(row ? { fixed: { tier: row.tier } } : {})}
      fields={[
        ...(row ? [] : [{ name: 'tier', label: t('op.tier') }]),
        { name: 'maker', label: t('op.maker'), hint: rate, initial: row?.maker ?? '' },
        { name: 'taker', label: t('op.taker'), hint: rate, initial: row?.taker ?? '' },
      ]}
      onClose={onClose}
    />
  )
}
