import type { ReactNode } from 'react'
import { ProposeDialog } from '../layout/ProposeDialog'
import { useWords } from '../layout/words'
import type { Suspension } from '../rows'
import { useTranslation } from '../texts'

const ACTIONS = [
  'withdraw',
  'deposit_credit',
  'transfer',
  'sub_transfer',
  'trade_open',
  'trade_all',
  'product',
]
const LEVELS = ['global', 'asset', 'instrument', 'segment', 'owner']

interface SuspensionProps {
  /** One to change or to lift; a new one without. */
  row?: Suspension
  next?: string
  onClose(): void
}

/** Proposes to suspend something, or to lift that. */
export function SuspensionDialog({ row, next = '', onClose }: SuspensionProps): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const actions = ACTIONS.map((each) => [each, word('action', each)] as const)
  const now = row?.actions.join(',') ?? ''
  const several = now.includes(',')
    ? [[now, row?.actions.map((each) => word('action', each)).join(', ')] as const]
    : []
  const lift = row ? [['none', t('op.lift')] as const] : []
  return (
    <ProposeDialog
      kind="suspension"
      title={t('op.kind.suspension')}
      {...(row ? { fixed: { suspension: row.suspension, level: row.level, key: row.key } } : {})}
      fields={[
        ...(row ? [] : [{ name: 'suspension', label: t('op.number'), initial: next }]),
        {
          name: 'actions',
          label: t('op.suspended'),
          options: [...lift, ...several, ...actions],
          ...(row ? { initial: 'none' } : {}),
        },
        ...(row
          ? []
          : [
              {
                name: 'level',
                label: t('op.level'),
                options: LEVELS.map((each) => [each, word('level', each)] as const),
              },
              { name: 'key', label: t('op.key'), initial: '0', hint: t('op.key.hint') },
            ]),
      ]}
      onClose={onClose}
    />
  )
}
