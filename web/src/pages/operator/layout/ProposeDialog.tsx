import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { PostName } from '~/api/rest'
import { toast } from '~/ui/toasts'
import type { Proposal } from '../rows'
import { useTranslation } from '../texts'
import { ActDialog, type ActField, type ActProps } from './ActDialog'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

type Kind = PostName extends infer P
  ? P extends `x/operator/propose/${infer K}`
    ? K
    : never
  : never

export interface ProposeProps
  extends Pick<ActProps<Proposal>, 'fixed' | 'fields' | 'sent' | 'preview'> {
  kind: Kind
  title: string
  about?: ReactNode
  onClose(): void
}

/** A dialog that proposes something; then the proposal is shown. */
export function ProposeDialog(props: ProposeProps): ReactNode {
  const { kind, title, about, fixed, fields = [], sent, preview, onClose } = props
  const { t } = useTranslation()
  const navigate = useNavigate()
  const lasts: ActField = {
    name: 'lastsMs',
    label: t('op.lasts'),
    initial: String(DAY_MS),
    options: [
      [String(HOUR_MS), t('op.lasts.hours', { count: 1 })],
      [String(DAY_MS), t('op.lasts.days', { count: 1 })],
      [String(7 * DAY_MS), t('op.lasts.days', { count: 7 })],
      [String(30 * DAY_MS), t('op.lasts.days', { count: 30 })],
    ],
  }
  const all = sent
    ? ({ lastsMs = '', ...typed }: Record<string, string>) => ({ ...sent(typed), lastsMs })
    : undefined
  return (
    <ActDialog<Proposal>
      title={title}
      about={about ?? t('op.propose.about')}
      path={`x/operator/propose/${kind}` as PostName}
      deed={t('op.propose')}
      fields={[...fields, lasts]}
      onClose={onClose}
      onDone={(row) => {
        if (!row) return
        toast(t('op.proposed', { number: row.proposal }), 'good')
        void navigate({ to: `/operator/approvals/${row.proposal}` })
      }}
      {...(fixed ? { fixed } : {})}
      {...(all ? { sent: all } : {})}
      {...(preview ? { preview } : {})}
    />
  )
}
