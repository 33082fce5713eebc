import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { useDates } from '~/pages/account/layout/dates'
import type { Column } from '~/ui/Table'
import { Act } from '../layout/Act'
import type { ActField } from '../layout/ActDialog'
import cells from '../layout/Cells.module.css'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingSection } from '../layout/ReadingSection'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { People, Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import type { Line, Loss } from './rows'

const EVERY_MS = 10_000
const TIERS = ['hot', 'warm', 'cold', 'deposit'] as const
const PAYERS = ['loss', 'treasury', 'insurance'] as const

/** Coins of tiers that are gone for good: what went, who agreed that it did, and who paid. */
export function LossesSection(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  return (
    <ReadingSection<Loss>
      title={t('op.losses')}
      about={t('op.losses.about')}
      action={may('trading') ? <Propose /> : null}
      path="x/operator/custody/losses"
      every={EVERY_MS}
      columns={useColumns()}
      keyOf={({ proposal }) => proposal}
      none={t('op.losses.none')}
    />
  )
}

function useColumns(): Column<Loss>[] {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const date = useDates()
  return [
    { id: 'chain', title: t('op.sus.line'), cell: ({ chain }) => <b>{chain}</b> },
    { id: 'tier', title: t('op.term.tier'), cell: ({ tier }) => word('tierName', tier) },
    {
      id: 'amt',
      title: t('form.size'),
      number: true,
      cell: (one) => `${amount(one.amount)} ${one.ccy}`,
    },
    { id: 'paid', title: t('op.losses.paid'), number: true, cell: (one) => <Paid loss={one} /> },
    {
      id: 'unpaid',
      title: t('op.losses.unpaid'),
      number: true,
      cell: ({ unpaid }) => amount(unpaid),
    },
    {
      id: 'tx',
      title: t('op.wd.tx'),
      cell: ({ txId }) => <span className={cells.long}>{txId || '–'}</span>,
    },
    { id: 'proposer', title: t('op.proposer'), cell: ({ proposer }) => <Uid uid={proposer} /> },
    {
      id: 'agreed',
      title: t('op.losses.agreed'),
      cell: ({ approvals }) => <People voices={approvals} />,
    },
    { id: 'when', title: t('op.losses.when'), cell: ({ ts }) => date(ts) },
  ]
}

/** What was paid, and by whom where it was by anybody. */
function Paid({ loss }: { loss: Loss }): ReactNode {
  const word = useWords()
  const amount = useAmounts()
  return (
    <span className={css.tier}>
      <span>{amount(loss.paid)}</span>
      <span className={css.share}>{word('side', loss.account)}</span>
    </span>
  )
}

function Propose(): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const { data } = useReading<Line, 'x/operator/custody'>('x/operator/custody', {}, EVERY_MS)
  const fields: ActField[] = [
    {
      name: 'chain',
      label: t('op.term.chain'),
      options: (data ?? []).map(({ chain }) => [chain, chain]),
    },
    {
      name: 'tier',
      label: t('op.term.tier'),
      options: TIERS.map((one) => [one, word('tierName', one)]),
      initial: 'hot',
    },
    { name: 'amount', label: t('op.term.amount'), hint: t('op.losses.amount') },
    {
      name: 'transaction',
      label: t('op.term.transaction'),
      hint: t('op.losses.transactionHint'),
    },
    {
      name: 'account',
      label: t('op.losses.payer'),
      hint: t('op.losses.payerHint'),
      options: PAYERS.map((one) => [one, word('side', one)]),
      initial: 'loss',
    },
  ]
  return (
    <Act label={t('op.kind.loss')} size="small">
      {(close) => (
        <ProposeDialog
          kind="loss"
          title={t('op.kind.loss')}
          about={t('op.losses.proposing')}
          fields={fields}
          onClose={close}
        />
      )}
    </Act>
  )
}
