import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import type { Column } from '~/ui/Table'
import { Act } from '../layout/Act'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingSection } from '../layout/ReadingSection'
import { useOperator } from '../layout/roles'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import type { Move } from './rows'

const EVERY_MS = 3_000

/** Refills of hot and sweeps out of it: how far each is, and what holds it. */
export function MovesSection(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  return (
    <ReadingSection<Move>
      title={t('op.moves')}
      about={t('op.moves.about')}
      path="x/operator/tiers/moves"
      every={EVERY_MS}
      columns={useColumns(may('trading'))}
      keyOf={({ move }) => move}
      none={t('op.moves.none')}
    />
  )
}

const isOpen = ({ state }: Move) => state === 'decided' || state === 'bound'

function useColumns(mayAct: boolean): Column<Move>[] {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const date = useDates()
  const columns: Column<Move>[] = [
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
      cell: ({ amt, ccy }) => `${amount(amt)} ${ccy}`,
    },
    { id: 'why', title: t('op.moves.why'), cell: ({ why }) => word('moveWhy', why) },
    { id: 'decided', title: t('op.moves.decided'), cell: ({ decidedTs }) => date(decidedTs) },
    {
      id: 'stage',
      title: t('op.moves.stage'),
      cell: (one) => <Badge look={lookOf(one)}>{word('moveStage', one.stage)}</Badge>,
    },
    { id: 'holds', title: t('op.moves.holds'), cell: (one) => <Holds move={one} /> },
  ]
  if (!mayAct) return columns
  return [
    ...columns,
    { id: 'acts', title: <Unseen />, number: true, cell: (one) => <End move={one} /> },
  ]
}

function lookOf({ stage, holds }: Move): 'good' | 'bad' | 'plain' {
  if (stage === 'done') return 'good'
  return holds || stage === 'overtaken' ? 'bad' : 'plain'
}

function Unseen(): ReactNode {
  const { t } = useTranslation()
  return <span className="unseen">{t('account.actions')}</span>
}

/** What an open move waits for, in words, and what somebody said. */
function Holds({ move }: { move: Move }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const date = useDates()
  if (!isOpen(move)) return '–'
  return (
    <span className={css.lines}>
      <span>{move.holds ? word('moveHold', move.holds) : t('op.moves.nothing')}</span>
      {move.detail ? <Detail move={move} /> : null}
      {move.stage === 'bound' ? (
        <span className={css.share}>
          {t('op.moves.until')} {date(move.expiresTs)}
        </span>
      ) : null}
      {move.givenUpTs ? <span>{t('op.moves.givenUp')}</span> : null}
    </span>
  )
}

/** Why the log does not let it go on; else what a node, a signer or a file said, as it was said. */
function Detail({ move }: { move: Move }): ReactNode {
  const word = useWords()
  if (move.holds === 'refused') {
    return <span className={css.share}>{word('moveRefused', move.detail)}</span>
  }
  return (
    <span className={css.share} lang="en">
      {move.detail}
    </span>
  )
}

function End({ move }: { move: Move }): ReactNode {
  const { t } = useTranslation()
  if (!isOpen(move) || move.givenUpTs) return null
  return (
    <Act label={t('op.kind.end-move')} about={`${move.amt} ${move.ccy}`} size="small">
      {(close) => (
        <ProposeDialog
          kind="end-move"
          title={t('op.kind.end-move')}
          about={t('op.moves.endAbout')}
          fixed={{ move: move.move }}
          fields={[]}
          onClose={close}
        />
      )}
    </Act>
  )
}
