import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { sessionQuery } from '~/api/session'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { Problem } from '../form/Problem'
import { useAction } from '../form/useForm'
import { Badge } from '../layout/Badge'
import { Confirm } from '../layout/Confirm'
import { useDates } from '../layout/dates'
import { PageHead, Section } from '../layout/Section'
import { agentName } from './agent'
import css from './SessionsPage.module.css'

interface SessionRow {
  id: string
  current: boolean
  ip: string
  agent: string
  createdTs: string
  usedTs: string
  endsTs: string
}

const SESSIONS = ['sessions']

/** Where one is signed in, and ways to end that. */
export function SessionsPage(): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [isAsking, setAsking] = useState(false)
  const { data: rows, error } = useQuery({
    queryKey: SESSIONS,
    queryFn: () => rest.get<SessionRow, 'x/sessions'>('x/sessions'),
  })
  const revoke = useAction(async (row: SessionRow) => {
    await rest.post('x/sessions/revoke', { id: row.id })
    await client.invalidateQueries({ queryKey: row.current ? sessionQuery.queryKey : SESSIONS })
    toast(t('sessions.revoked'), 'good')
  })
  const others = (rows ?? []).filter((row) => !row.current).length
  return (
    <>
      <PageHead title={t('sessions.title')} about={t('sessions.about')} />
      <Problem problem={error ?? revoke.problem} />
      <Section
        title={t('sessions.list')}
        flush
        action={
          <Button disabled={others === 0} onClick={() => setAsking(true)}>
            {t('sessions.revokeAll')}
          </Button>
        }
      >
        <Table
          label={t('sessions.list')}
          columns={useColumns((row) => void revoke.run(row), revoke.busy)}
          rows={rows ?? []}
          keyOf={(row) => row.id}
          empty={t(rows ? 'sessions.none' : 'account.loading')}
          cards
        />
      </Section>
      <Section title={t('sessions.alerts')} about={t('sessions.alerts.about')} />
      {isAsking ? (
        <Confirm
          title={t('sessions.revokeAll')}
          about={t('sessions.revokeAll.about', { count: others })}
          deed={t('sessions.revokeAll')}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            const [row] = await rest.post<{ ended: string }>('x/sessions/revoke-all', {})
            await client.invalidateQueries({ queryKey: SESSIONS })
            toast(t('sessions.ended', { count: Number(row?.ended ?? 0) }), 'good')
          }}
        />
      ) : null}
    </>
  )
}

function useColumns(onRevoke: (row: SessionRow) => void, busy: boolean): Column<SessionRow>[] {
  const { t } = useTranslation()
  const date = useDates()
  return [
    {
      id: 'device',
      title: t('sessions.device'),
      cell: (row) => (
        <span className={css.device}>
          <span>
            {agentName(row.agent) || t('sessions.unknown')}{' '}
            {row.current ? <Badge look="good">{t('sessions.current')}</Badge> : null}
          </span>
          <span className={css.agent} title={row.agent}>
            {row.agent}
          </span>
        </span>
      ),
    },
    { id: 'ip', title: t('sessions.ip'), cell: (row) => row.ip },
    { id: 'created', title: t('sessions.created'), cell: (row) => date(row.createdTs) },
    { id: 'used', title: t('sessions.used'), cell: (row) => date(row.usedTs) },
    { id: 'ends', title: t('sessions.ends'), cell: (row) => date(row.endsTs), wideOnly: true },
    {
      id: 'revoke',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (row) => {
        const deed = t(row.current ? 'signOut' : 'sessions.revoke')
        const device = agentName(row.agent) || t('sessions.unknown')
        return (
          <Button
            size="small"
            disabled={busy}
            aria-label={`${deed}: ${device}, ${row.ip}`}
            onClick={() => onRevoke(row)}
          >
            {deed}
          </Button>
        )
      },
    },
  ]
}
