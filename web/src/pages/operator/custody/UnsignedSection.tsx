import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import type { Column } from '~/ui/Table'
import { Act } from '../layout/Act'
import type { ActField } from '../layout/ActDialog'
import cells from '../layout/Cells.module.css'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingSection } from '../layout/ReadingSection'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import { byLane } from './lanes'
import type { UnsignedPayment } from './rows'

const EVERY_MS = 5_000
const PATH = 'x/operator/withdrawals/unsigned'

/** Payments that nobody signs: which lane they are bound to, and what lets them go of it. */
export function UnsignedSection(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  return (
    <ReadingSection<UnsignedPayment>
      title={t('op.unsigned')}
      about={t('op.unsigned.about')}
      action={may('trading') ? <ProposeLane /> : null}
      path={PATH}
      every={EVERY_MS}
      columns={useColumns(may('trading'))}
      keyOf={({ wdId }) => wdId}
      none={t('op.unsigned.none')}
    />
  )
}

function useColumns(mayAct: boolean): Column<UnsignedPayment>[] {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  const columns: Column<UnsignedPayment>[] = [
    { id: 'chain', title: t('op.sus.line'), cell: ({ chain }) => <b>{chain}</b> },
    {
      id: 'amt',
      title: t('form.size'),
      number: true,
      cell: ({ wdId, amt, ccy }) => (
        <Link to={`/operator/withdrawals/${wdId}`}>{`${amount(amt)} ${ccy}`}</Link>
      ),
    },
    {
      id: 'lane',
      title: t('op.unsigned.lane'),
      cell: ({ lane }) => <span className={cells.long}>{lane || '–'}</span>,
    },
    { id: 'why', title: t('op.unsigned.why'), cell: (one) => <Why one={one} /> },
    { id: 'bound', title: t('op.unsigned.bound'), cell: ({ boundTs }) => date(boundTs) },
  ]
  if (!mayAct) return columns
  return [
    ...columns,
    {
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (one) => (one.letGo || !one.lane ? null : <LetGo one={one} />),
    },
  ]
}

/** In the reader's language, and what signers or nodes say as they say it. */
function Why({ one }: { one: UnsignedPayment }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  return (
    <span className={css.lines}>
      {one.letGo ? <Badge look="plain">{t('op.unsigned.letGo')}</Badge> : null}
      <span>{word('unsignedWhy', one.why)}</span>
      <span className={css.share} lang="en">
        {one.problem}
      </span>
    </span>
  )
}

function LetGo({ one }: { one: UnsignedPayment }): ReactNode {
  const { t } = useTranslation()
  return (
    <Act label={t('op.unsigned.one')} about={`${one.amt} ${one.ccy}`} size="small">
      {(close) => <Propose fixed={{ wdIds: one.wdId }} onClose={close} />}
    </Act>
  )
}

/** All of one lane by one proposal. */
function ProposeLane(): ReactNode {
  const { t } = useTranslation()
  const { data } = useReading<UnsignedPayment, typeof PATH>(PATH, {}, EVERY_MS)
  const lanes = byLane(data ?? [])
  if (lanes.length === 0) return null
  const which: ActField = {
    name: 'wdIds',
    label: t('op.unsigned.which'),
    options: lanes.map(({ chain, lane, wdIds }) => [
      wdIds.join(','),
      t('op.unsigned.of', { chain, lane, count: wdIds.length }),
    ]),
  }
  return (
    <Act label={t('op.kind.unbind')} size="small">
      {(close) => <Propose fields={[which]} onClose={close} />}
    </Act>
  )
}

interface ProposeProps {
  fixed?: Record<string, string>
  fields?: readonly ActField[]
  onClose(): void
}

function Propose({ fixed = {}, fields = [], onClose }: ProposeProps): ReactNode {
  const { t } = useTranslation()
  return (
    <ProposeDialog
      kind="unbind"
      title={t('op.kind.unbind')}
      about={t('op.unsigned.proposing')}
      fixed={fixed}
      fields={fields}
      onClose={onClose}
    />
  )
}
