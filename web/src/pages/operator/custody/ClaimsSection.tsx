import type { ReactNode } from 'react'
import type { Column } from '~/ui/Table'
import { Act } from '../layout/Act'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingSection } from '../layout/ReadingSection'
import { useOperator } from '../layout/roles'
import { useTranslation } from '../texts'
import { useArrived } from './arrived'
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
  const { chain, amt, tx, seen } = useArrived()
  const columns: Column<Unclaimed>[] = [
    chain,
    amt,
    {
      id: 'memo',
      title: t('op.claims.memo'),
      cell: ({ memo, written }) => memo || written || t('op.claims.noMemo'),
    },
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
