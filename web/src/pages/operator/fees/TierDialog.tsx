import type { ReactNode } from 'react'
import { ProposeDialog } from '../layout/ProposeDialog'
import { useReading } from '../layout/reading'
import type { FeeTier } from '../rows'
import { useTranslation } from '../texts'

/** Proposes another tier for a user. */
export function TierDialog(props: { uid?: string; tier?: string; onClose(): void }): ReactNode {
  const { uid, tier, onClose } = props
  const { t } = useTranslation()
  const { data } = useReading<FeeTier, 'x/operator/fees'>('x/operator/fees', {})
  const known = (data ?? []).map((row) => row.tier).join(', ')
  return (
    <ProposeDialog
      kind="user-tier"
      title={t('op.kind.user-tier')}
      {...(uid ? { fixed: { uid } } : {})}
      fields={[
        ...(uid ? [] : [{ name: 'uid', label: 'UID' }]),
        {
          name: 'tier',
          label: t('op.tier'),
          initial: tier ?? '',
          hint: t('op.tier.hint', { tiers: known }),
        },
      ]}
      onClose={onClose}
    />
  )
}
