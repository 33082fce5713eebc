import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import type { Column } from '~/ui/Table'
import { Act } from '../layout/Act'
import { ActDialog, type ActField } from '../layout/ActDialog'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingSection } from '../layout/ReadingSection'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import type { Announced, Line } from './rows'

const EVERY_MS = 5_000
const TIERS = ['warm', 'cold', 'hot'] as const
const HOURS = ['1', '4', '12', '24', '72', '168'] as const

/** Moves between tiers by hand: said before anything is signed, so that nothing is suspended. */
export function AnnouncedSection(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  return (
    <ReadingSection<Announced>
      title={t('op.announced')}
      about={t('op.announced.about')}
      action={may('trading') ? <Announce /> : null}
      path="x/operator/tiers/announced"
      every={EVERY_MS}
      columns={useColumns(may('trading'))}
      keyOf={({ move }) => move}
      none={t('op.announced.none')}
    />
  )
}

const isOpen = ({ state }: Announced) => ['announced', 'seen', 'overdue'].includes(state)

function lookOf({ state }: Announced): 'good' | 'bad' | 'plain' {
  if (state === 'posted') return 'good'
  return state === 'expired' || state === 'overdue' ? 'bad' : 'plain'
}

function useColumns(mayAct: boolean): Column<Announced>[] {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const date = useDates()
  const columns: Column<Announced>[] = [
    { id: 'chain', title: t('op.sus.line'), cell: ({ chain }) => <b>{chain}</b> },
    {
      id: 'way',
      title: t('op.moves.way'),
      cell: ({ source, target }) => `${word('tierName', source)} → ${word('tierName', target)}`,
    },
    {
      id: 'amt',
      title: t('form.size'),
      number: true,
      cell: (one) => `${amount(one.amount)} ${one.ccy}`,
    },
    {
      id: 'fee',
      title: t('op.announced.fee'),
      number: true,
      detail: true,
      cell: ({ feeLeast, feeMost, feeCcy }) =>
        Number(feeMost) ? `${amount(feeLeast)} – ${amount(feeMost)} ${feeCcy}` : '–',
    },
    {
      id: 'until',
      title: t('op.announced.until'),
      cell: ({ expiresTs }) => date(expiresTs),
    },
    {
      id: 'state',
      title: t('op.state'),
      cell: (one) => (
        <span className={css.lines}>
          <Badge look={lookOf(one)}>{word('announcedState', one.state)}</Badge>
          {one.height ? (
            <span className={css.share}>
              {t('op.custody.block', { height: amount(one.height) })}
            </span>
          ) : null}
        </span>
      ),
    },
  ]
  if (!mayAct) return columns
  return [
    ...columns,
    {
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (one) => (isOpen(one) ? <End move={one} /> : null),
    },
  ]
}

function Announce(): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const { data } = useReading<Line, 'x/operator/custody'>('x/operator/custody', {}, EVERY_MS)
  const tiers = TIERS.map((one) => [one, word('tierName', one)] as const)
  const fields: ActField[] = [
    {
      name: 'chain',
      label: t('op.term.chain'),
      options: (data ?? []).map(({ chain }) => [chain, chain]),
    },
    { name: 'source', label: t('op.term.source'), options: tiers, initial: 'warm' },
    { name: 'target', label: t('op.term.target'), options: tiers, initial: 'cold' },
    { name: 'amount', label: t('op.term.amount'), hint: t('op.announced.amount') },
    {
      name: 'feeLeast',
      label: t('op.term.feeLeast'),
      hint: t('op.announced.feeHint'),
      initial: '0',
    },
    { name: 'feeMost', label: t('op.term.feeMost'), initial: '0' },
    {
      name: 'withinH',
      label: t('op.term.withinH'),
      options: HOURS.map((one) => [one, one]),
      initial: '24',
    },
  ]
  return (
    <Act label={t('op.kind.announce-move')} size="small">
      {(close) => (
        <ProposeDialog
          kind="announce-move"
          title={t('op.kind.announce-move')}
          about={t('op.announced.proposing')}
          fields={fields}
          onClose={close}
        />
      )}
    </Act>
  )
}

function End({ move }: { move: Announced }): ReactNode {
  const { t } = useTranslation()
  return (
    <Act label={t('op.announced.end')} about={`${move.amount} ${move.ccy}`} size="small">
      {(close) => (
        <ActDialog<Announced>
          title={t('op.announced.end')}
          about={t('op.announced.endAbout')}
          path="x/operator/tiers/end-announced"
          fixed={{ move: move.move }}
          deed={t('op.announced.end')}
          look="danger"
          onClose={close}
          onDone={() => undefined}
        />
      )}
    </Act>
  )
}
