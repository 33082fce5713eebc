import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import type { Column } from '~/ui/Table'
import { Act } from '../layout/Act'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingSection } from '../layout/ReadingSection'
import { useOperator } from '../layout/roles'
import { type MessageKey, useTranslation } from '../texts'
import { useArrived } from './arrived'
import type { Kept } from './rows'

const EVERY_MS = 10_000
const FREED_WITH_OWNER = '12'

const wordOf = (state: string) => `deposit.state.${state}` as MessageKey

/** What came and is kept from its owner, until two operators agree to free it. */
export function KeptSection(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  return (
    <ReadingSection<Kept>
      title={t('op.kept')}
      about={t('op.kept.about')}
      path="x/operator/deposits/kept"
      every={EVERY_MS}
      columns={useColumns(may('support'))}
      keyOf={({ depId }) => depId}
      none={t('op.kept.none')}
    />
  )
}

function useColumns(mayAct: boolean): Column<Kept>[] {
  const { t } = useTranslation()
  const { chain, amt, who, senders, tx, seen } = useArrived()
  const columns: Column<Kept>[] = [
    chain,
    amt,
    who,
    {
      id: 'state',
      title: t('op.state'),
      cell: ({ state }) => <Badge look="bad">{t(wordOf(state))}</Badge>,
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
      cell: (one) => (one.state === FREED_WITH_OWNER ? null : <Free one={one} />),
    },
  ]
}

function Free({ one }: { one: Kept }): ReactNode {
  const { t } = useTranslation()
  return (
    <Act label={t('op.kind.free-deposit')} about={`${one.amt} ${one.ccy}`} size="small">
      {(close) => (
        <ProposeDialog
          kind="free-deposit"
          title={t('op.kind.free-deposit')}
          fixed={{ depId: one.depId }}
          onClose={close}
        />
      )}
    </Act>
  )
}
