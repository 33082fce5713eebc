import type { ReactNode } from 'react'
import { PERMISSION_NAMES, permissionsOf } from '~/pages/account/apiKeys/permissions'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import css from '../layout/Cells.module.css'
import type { Key } from '../rows'
import { useTranslation } from '../texts'

interface KeysProps {
  uid: string
  rows: readonly Key[]
  mayRevoke: boolean
}

/** A user's API keys; one or all of them are revoked. */
export function UserKeys({ uid, rows, mayRevoke }: KeysProps): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const named = (perm: string) =>
    permissionsOf(perm)
      .map((each) => t(PERMISSION_NAMES[each]))
      .join(', ')
  const columns: Column<Key>[] = [
    { id: 'key', title: t('apiKeys.key'), cell: (row) => <code>{row.apiKey}</code> },
    { id: 'label', title: t('apiKeys.label'), cell: (row) => <Text text={row.label} /> },
    { id: 'perm', title: t('apiKeys.perm'), cell: ({ perm }) => <Text text={named(perm)} /> },
    { id: 'ip', title: t('apiKeys.ip'), cell: (row) => <Text text={row.ip} /> },
    { id: 'used', title: t('account.lastUse'), cell: (row) => date(row.usedTs) },
  ]
  if (mayRevoke) {
    columns.push({
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: ({ apiKey, label }) => (
        <Act label={t('op.revoke')} about={label || apiKey} size="small">
          {(close) => <RevokeDialog uid={uid} apiKey={apiKey} onClose={close} />}
        </Act>
      ),
    })
  }
  return (
    <Section
      title={t('apiKeys.title')}
      flush
      action={
        mayRevoke && rows.length > 0 ? (
          <Act label={t('op.revoke.all')}>
            {(close) => <RevokeDialog uid={uid} onClose={close} />}
          </Act>
        ) : null
      }
    >
      <Table
        label={t('apiKeys.title')}
        columns={columns}
        rows={rows}
        keyOf={({ apiKey }) => apiKey}
        empty={t('op.none')}
        cards
      />
    </Section>
  )
}

function Text({ text }: { text: string }): ReactNode {
  return <span className={css.long}>{text || '–'}</span>
}

function RevokeDialog(props: { uid: string; apiKey?: string; onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const { uid, apiKey, onClose } = props
  return (
    <ActDialog<{ revoked: string }>
      title={t(apiKey ? 'op.revoke' : 'op.revoke.all')}
      about={t('op.revoke.about')}
      path="x/operator/users/revoke-keys"
      fixed={{ uid, ...(apiKey ? { apiKey } : {}) }}
      deed={t('op.revoke')}
      look="danger"
      onClose={onClose}
      onDone={(row) => toast(t('op.revoke.done', { count: Number(row?.revoked ?? 0) }), 'good')}
    />
  )
}
