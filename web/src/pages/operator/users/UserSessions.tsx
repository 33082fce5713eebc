import type { ReactNode } from 'react'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { agentName } from '~/pages/account/sessions/agent'
import { type Column, Table } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import css from '../layout/Cells.module.css'
import type { UserSession } from '../rows'
import { useTranslation } from '../texts'

interface SessionsProps {
  uid: string
  rows: readonly UserSession[]
  mayEnd: boolean
}

/** Where a user is signed in; all of it is ended together. */
export function UserSessions({ uid, rows, mayEnd }: SessionsProps): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const columns: Column<UserSession>[] = [
    {
      id: 'device',
      title: t('sessions.device'),
      cell: ({ agent }) => (
        <span className={css.long} title={agent}>
          {agentName(agent) || agent || t('sessions.unknown')}
        </span>
      ),
    },
    { id: 'ip', title: t('sessions.ip'), cell: ({ ip }) => ip },
    { id: 'created', title: t('sessions.created'), cell: ({ createdTs }) => date(createdTs) },
    { id: 'used', title: t('sessions.used'), cell: ({ usedTs }) => date(usedTs) },
  ]
  const action =
    mayEnd && rows.length > 0 ? (
      <Act label={t('op.endSessions')}>
        {(close) => (
          <ActDialog<{ ended: string }>
            title={t('op.endSessions')}
            about={t('op.endSessions.about')}
            path="x/operator/users/end-sessions"
            fixed={{ uid }}
            deed={t('op.endSessions')}
            look="danger"
            onClose={close}
            onDone={(row) => toast(t('sessions.ended', { count: Number(row?.ended ?? 0) }), 'good')}
          />
        )}
      </Act>
    ) : null
  return (
    <Section title={t('sessions.title')} flush action={action}>
      <Table
        label={t('sessions.title')}
        columns={columns}
        rows={rows}
        keyOf={({ id }) => id}
        empty={t('op.none')}
        cards
      />
    </Section>
  )
}
