import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import { useTranslation } from '../texts'
import type { Withdrawal } from './rows'

const VERDICTS = ['approve', 'refuse'] as const

/** What a reviewer may say of a withdrawal; the exchange asks who they are first. */
export function Verdicts(props: { row: Withdrawal; size?: 'small' | 'normal' }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const { row, size = 'normal' } = props
  const values = { amount: amount(row.amt), ccy: row.ccy, uid: row.uid }
  // What its rule wants approved goes on by the approvals of the policy alone.
  const said = row.policy === 'waiting' ? VERDICTS.slice(1) : VERDICTS
  return said.map((verdict) => (
    <Act
      key={verdict}
      label={t(`op.wd.${verdict}`)}
      about={row.wdId}
      size={size}
      look={verdict === 'approve' && size === 'normal' ? 'primary' : 'plain'}
    >
      {(close) => (
        <ActDialog<Withdrawal>
          title={t(`op.wd.${verdict}.title`, values)}
          about={t(`op.wd.${verdict}.about`)}
          path="x/operator/withdrawals/decide"
          fixed={{ wdId: row.wdId, verdict }}
          deed={t(`op.wd.${verdict}`)}
          look={verdict === 'approve' ? 'primary' : 'danger'}
          onClose={close}
          onDone={() => toast(t(`op.wd.${verdict}.done`), 'good')}
        />
      )}
    </Act>
  ))
}
