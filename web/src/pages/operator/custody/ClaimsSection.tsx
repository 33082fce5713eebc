import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { useDates } from '~/pages/account/layout/dates'
import type { Column } from '~/ui/Table'
import { Act } from '../layout/Act'
import cells from '../layout/Cells.module.css'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingSection } from '../layout/ReadingSection'
import { useOperator } from '../layout/roles'
import { useTranslation } from '../texts'
import type { Unclaimed } from './rows'

const EVERY_MS = 10_000

/** What arrived and is nobody's, until two operators agree whose it is. */
export function ClaimsSection(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  return (
    <ReadingSection<Unclaimed>
      title={t('op.claims')}
      about={t('op.claims.about')}
      path="x/operator/deposits/unclaimed"
      every={EVERY_MS}
      columns={useColumns(may('support'))}
      keyOf={({ depId }) => depId}
      none={t('op.claims.none')}
    />
  )
}

function useColumns(mayAct: boolean): Column<Unclaimed>[] {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  const columns: Column<Unclaimed>[] = [
    { id: 'chain', title: t('op.sus.line'), cell: ({ chain }) => <b>{chain}</b> },
    {
      id: 'amt',
      title: t('form.size'),
      number: true,
      cell: ({ amt, ccy }) => `${amount(amt)} ${ccy}`,
    },
    {
      id: 'memo',
      title: t('op.claims.memo'),
      cell: ({ memo, written }) => memo || written || t('op.claims.noMemo'),
    },
    {
      id: 'tx',
      title: t('op.wd.tx'),
      cell: ({ txId }) => <span className={cells.long}>{txId || '–'}</span>,
    },
    { id: 'seen', title: t('op.claims.seen'), cell: ({ seenTs }) => date(seenTs) },
  ]
  if (!mayAct) return columns
  return [
    ...columns,
    {
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: ({ depId, amt, ccy }) => (
        <Act label={t('op.kind.claim')} about={`${amt} ${ccy}`} size="small">
          {(close) => (
            <ProposeDialog
              kind="claim"
              title={t('op.kind.claim')}
              fixed={{ depId }}
              fields={[{ name: 'uid', label: t('op.claims.uid') }]}
              onClose={close}
            />
          )}
        </Act>
      ),
    },
  ]
}
