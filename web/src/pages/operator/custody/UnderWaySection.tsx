import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import type { Column } from '~/ui/Table'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import { ReadingSection } from '../layout/ReadingSection'
import { useOperator } from '../layout/roles'
import { type MessageKey, useTranslation } from '../texts'
import { useArrived } from './arrived'
import type { Kept, UnderWay } from './rows'

const EVERY_MS = 5_000
const REASONS = [
  ['blacklisted', '11'],
  ['intercepted', '13'],
  ['kyc', '14'],
] as const

/** Users' deposits that are not credited yet, which one operator may keep. */
export function UnderWaySection(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  return (
    <ReadingSection<UnderWay>
      title={t('op.underWay')}
      about={t('op.underWay.about')}
      path="x/operator/deposits/under-way"
      every={EVERY_MS}
      columns={useColumns(may('support'))}
      keyOf={({ depId }) => depId}
      none={t('op.underWay.none')}
    />
  )
}

function useColumns(mayAct: boolean): Column<UnderWay>[] {
  const { t } = useTranslation()
  const amount = useAmounts()
  const { chain, amt, who, senders, tx, seen } = useArrived()
  const columns: Column<UnderWay>[] = [
    chain,
    amt,
    who,
    {
      id: 'blocks',
      title: t('op.underWay.blocks'),
      cell: ({ confirmations, creditAfter, screening, missing, ccy }) => {
        if (missing) return t('op.underWay.small', { missing: amount(missing), ccy })
        const blocks = t('op.underWay.ofBlocks', { got: confirmations, all: creditAfter })
        return screening ? `${blocks} · ${t('op.underWay.screening')}` : blocks
      },
    },
    senders,
    tx,
    seen,
  ]
  if (!mayAct) return columns
  return [
    ...columns,
    {
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (one) => <Keep one={one} />,
    },
  ]
}

function Keep({ one }: { one: UnderWay }): ReactNode {
  const { t } = useTranslation()
  const reason = {
    name: 'reason',
    label: t('op.state'),
    options: REASONS.map(
      ([word, state]) => [word, t(`deposit.state.${state}` as MessageKey)] as const,
    ),
  }
  return (
    <Act label={t('op.kept.keep')} about={`${one.amt} ${one.ccy}, ${one.uid}`} size="small">
      {(close) => (
        <ActDialog<Kept>
          title={t('op.kept.stop')}
          about={`${one.amt} ${one.ccy} · ${one.chain} · UID ${one.uid}. ${t('op.kept.stopAbout')}`}
          path="x/operator/deposits/stop"
          fixed={{ depId: one.depId }}
          fields={[reason]}
          deed={t('op.kept.stop')}
          look="danger"
          onClose={close}
          onDone={() => undefined}
        />
      )}
    </Act>
  )
}
