import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { useDates } from '~/pages/account/layout/dates'
import type { Column } from '~/ui/Table'
import { Act } from '../layout/Act'
import type { ActField } from '../layout/ActDialog'
import cells from '../layout/Cells.module.css'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingSection } from '../layout/ReadingSection'
import { useOperator } from '../layout/roles'
import { People, Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import type { Allotted, Unallotted } from './rows'

const EVERY_MS = 10_000
const OURS = '0'

/** Coins that strangers sent to a tier: those that nobody has, and whose the others became. */
export function UnallottedSection(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  return (
    <>
      <ReadingSection<Unallotted>
        title={t('op.unallotted')}
        about={t('op.unallotted.about')}
        path="x/operator/custody/unallotted"
        every={EVERY_MS}
        columns={useUnallotted(may('support'))}
        keyOf={({ coins }) => coins}
        none={t('op.unallotted.none')}
      />
      <ReadingSection<Allotted>
        title={t('op.allotted')}
        about={t('op.allotted.about')}
        path="x/operator/custody/allotted"
        every={EVERY_MS}
        columns={useAllotted()}
        keyOf={({ proposal }) => proposal}
        none={t('op.allotted.none')}
      />
    </>
  )
}

type Coins = Pick<Unallotted, 'chain' | 'ccy' | 'tier' | 'amt' | 'txId'>

function useCoins(): Record<'chain' | 'tier' | 'amt' | 'tx', Column<Coins>> {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  return {
    chain: { id: 'chain', title: t('op.sus.line'), cell: ({ chain }) => <b>{chain}</b> },
    tier: { id: 'tier', title: t('op.term.tier'), cell: ({ tier }) => word('tierName', tier) },
    amt: {
      id: 'amt',
      title: t('form.size'),
      number: true,
      cell: ({ amt, ccy }) => `${amount(amt)} ${ccy}`,
    },
    tx: {
      id: 'tx',
      title: t('op.wd.tx'),
      cell: ({ txId }) => <span className={cells.long}>{txId || '–'}</span>,
    },
  }
}

function useUnallotted(mayAct: boolean): Column<Unallotted>[] {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  const { chain, tier, amt, tx } = useCoins()
  const columns: Column<Unallotted>[] = [
    chain,
    tier,
    amt,
    {
      id: 'came',
      title: t('op.unallotted.came'),
      number: true,
      detail: true,
      cell: ({ came }) => amount(came),
    },
    tx,
    { id: 'booked', title: t('op.unallotted.booked'), cell: ({ bookedTs }) => date(bookedTs) },
  ]
  if (!mayAct) return columns
  return [
    ...columns,
    {
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (one) => <Acts coins={one} />,
    },
  ]
}

function useAllotted(): Column<Allotted>[] {
  const { t } = useTranslation()
  const date = useDates()
  const { chain, tier, amt, tx } = useCoins()
  return [
    chain,
    tier,
    amt,
    tx,
    {
      id: 'whose',
      title: t('op.allotted.whose'),
      cell: ({ uid }) => (uid ? <Uid uid={uid} /> : t('op.side.treasury')),
    },
    { id: 'proposer', title: t('op.proposer'), cell: ({ proposer }) => <Uid uid={proposer} /> },
    {
      id: 'agreed',
      title: t('op.losses.agreed'),
      cell: ({ approvals }) => <People voices={approvals} />,
    },
    { id: 'when', title: t('op.allotted.when'), cell: ({ ts }) => date(ts) },
  ]
}

function Acts({ coins }: { coins: Unallotted }): ReactNode {
  const { t } = useTranslation()
  const uid = { name: 'uid', label: t('op.term.uid'), hint: t('op.unallotted.uid') }
  return (
    <span className={cells.acts}>
      <Allot coins={coins} label={t('op.unallotted.user')} first={[uid]} />
      <Allot coins={coins} label={t('op.unallotted.house')} uid={OURS} />
    </span>
  )
}

interface AllotProps {
  coins: Unallotted
  label: string
  first?: readonly ActField[]
  /** Whose they are, where that is not typed. */
  uid?: string
}

function Allot({ coins, label, first = [], uid }: AllotProps): ReactNode {
  const { t } = useTranslation()
  const amount = {
    name: 'amount',
    label: t('op.term.amount'),
    hint: t('op.unallotted.amount'),
    initial: coins.amt,
  }
  return (
    <Act label={label} about={`${coins.amt} ${coins.ccy}`} size="small">
      {(close) => (
        <ProposeDialog
          kind="allot"
          title={label}
          about={t('op.unallotted.proposing')}
          fixed={{ coins: coins.coins, ...(uid ? { uid } : {}) }}
          fields={[...first, amount]}
          onClose={close}
        />
      )}
    </Act>
  )
}
