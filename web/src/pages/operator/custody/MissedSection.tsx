import type { ReactNode } from 'react'
import { useDates } from '~/pages/account/layout/dates'
import type { Column } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import cells from '../layout/Cells.module.css'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingSection } from '../layout/ReadingSection'
import { useOperator } from '../layout/roles'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import type { Missed } from './rows'

const EVERY_MS = 10_000

/** Deposits that users say they miss, with those nobody has that may be meant. */
export function MissedSection(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  return (
    <ReadingSection<Missed>
      title={t('op.missed')}
      about={t('op.missed.about')}
      path="x/operator/deposits/claims"
      every={EVERY_MS}
      columns={useColumns(may('support'))}
      keyOf={({ claimId }) => claimId}
      none={t('op.missed.none')}
    />
  )
}

function useColumns(mayAct: boolean): Column<Missed>[] {
  const { t } = useTranslation()
  const word = useWords()
  const date = useDates()
  const columns: Column<Missed>[] = [
    { id: 'who', title: t('op.claims.uid'), cell: ({ uid }) => <Uid uid={uid} /> },
    {
      id: 'what',
      title: t('op.missed.what'),
      cell: ({ kind, amt, ccy, chain, memo }) => (
        <>
          <b>
            {amt} {ccy} · {chain}
          </b>{' '}
          {word('missed.kind', kind)} {memo ? `· ${t('op.claims.memo')} ${memo}` : ''}
        </>
      ),
    },
    {
      id: 'tx',
      title: t('op.wd.tx'),
      cell: ({ txId }) => <span className={cells.long}>{txId}</span>,
    },
    { id: 'note', title: t('op.missed.note'), cell: ({ note }) => note || '–' },
    {
      id: 'state',
      title: t('op.missed.state'),
      cell: ({ state }) => word('missed.state', state),
    },
    { id: 'filed', title: t('op.missed.filed'), cell: ({ filedTs }) => date(filedTs) },
  ]
  if (!mayAct) return columns
  return [
    ...columns,
    {
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (row) => <Acts row={row} />,
    },
  ]
}

function Acts({ row }: { row: Missed }): ReactNode {
  const { t } = useTranslation()
  const answer = { name: 'answer', label: t('op.missed.answer') }
  const proposal = { name: 'proposal', label: t('op.missed.proposal') }
  const decide = (verdict: 'settle' | 'decline', close: () => void) => (
    <ActDialog<Missed>
      title={t(`op.missed.${verdict}`)}
      about={t(`op.missed.${verdict}.about`)}
      path="x/operator/deposits/claims/decide"
      fixed={{ claim: row.claimId, verdict }}
      fields={verdict === 'settle' ? [proposal, answer] : [answer]}
      deed={t(`op.missed.${verdict}`)}
      look={verdict === 'settle' ? 'primary' : 'danger'}
      onClose={close}
      onDone={() => toast(t('op.missed.decided'), 'good')}
    />
  )
  return (
    <>
      {row.deposits.map((depId) => (
        <Act key={depId} label={t('op.kind.claim')} about={row.claimId} size="small">
          {(close) => (
            <ProposeDialog
              kind="claim"
              title={t('op.kind.claim')}
              fixed={{ depId, uid: row.uid }}
              fields={[]}
              onClose={close}
            />
          )}
        </Act>
      ))}
      {row.coins.map((coins) => (
        <Act key={coins} label={t('op.kind.allot')} about={row.claimId} size="small">
          {(close) => (
            <ProposeDialog
              kind="allot"
              title={t('op.kind.allot')}
              about={t('op.unallotted.proposing')}
              fixed={{ coins, uid: row.uid }}
              fields={[
                {
                  name: 'amount',
                  label: t('op.term.amount'),
                  hint: t('op.unallotted.amount'),
                  isOptional: true,
                },
              ]}
              onClose={close}
            />
          )}
        </Act>
      ))}
      {(['settle', 'decline'] as const).map((verdict) => (
        <Act key={verdict} label={t(`op.missed.${verdict}`)} about={row.claimId} size="small">
          {(close) => decide(verdict, close)}
        </Act>
      ))}
    </>
  )
}
