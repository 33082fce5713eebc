import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { sessionQuery } from '~/api/session'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { Problem } from '../form/Problem'
import { Confirm } from '../layout/Confirm'
import { useDates } from '../layout/dates'
import { Section } from '../layout/Section'
import { hasPasskeys } from './browser'
import { NewPasskey } from './NewPasskey'
import css from './Passkeys.module.css'
import { RenamePasskey } from './RenamePasskey'

interface PasskeyRow {
  id: string
  name: string
  createdTs: string
  usedTs: string
  /** An operator's: from when on it opens and approves. */
  approvesTs: string
}

/** Passkeys: listed, added, taken away. */
export function PasskeysSection(): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [isAdding, setAdding] = useState(false)
  const [removed, setRemoved] = useState<PasskeyRow | null>(null)
  const [renamed, setRenamed] = useState<PasskeyRow | null>(null)
  const { data: rows, error } = useQuery({
    queryKey: ['passkeys'],
    queryFn: () => rest.get<PasskeyRow, 'x/passkeys'>('x/passkeys'),
  })
  const again = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ['passkeys'] }),
      client.invalidateQueries({ queryKey: sessionQuery.queryKey }),
    ])
  return (
    <Section
      title={t('passkeys.title')}
      about={t(hasPasskeys() ? 'passkeys.about' : 'passkeys.unsupported')}
      flush
      action={
        <Button disabled={!hasPasskeys()} onClick={() => setAdding(true)}>
          {t('passkeys.add')}
        </Button>
      }
    >
      <Problem problem={error} />
      <Table
        label={t('passkeys.title')}
        columns={useColumns(setRenamed, setRemoved, Boolean(rows?.[0]?.approvesTs))}
        rows={rows ?? []}
        keyOf={(row) => row.id}
        empty={t(rows ? 'passkeys.none' : 'account.loading')}
        cards
      />
      {isAdding ? (
        <NewPasskey
          onClose={() => setAdding(false)}
          onMade={async () => {
            setAdding(false)
            toast(t('passkeys.added'), 'good')
            await again()
          }}
        />
      ) : null}
      {renamed ? (
        <RenamePasskey
          id={renamed.id}
          name={renamed.name}
          onClose={() => setRenamed(null)}
          onRenamed={async () => {
            setRenamed(null)
            toast(t('passkeys.renamed'), 'good')
            await again()
          }}
        />
      ) : null}
      {removed ? (
        <Removal row={removed} onClose={() => setRemoved(null)} onRemoved={again} />
      ) : null}
    </Section>
  )
}

interface RemovalProps {
  row: PasskeyRow
  onClose(): void
  onRemoved(): Promise<unknown>
}

function Removal({ row, onClose, onRemoved }: RemovalProps): ReactNode {
  const { t } = useTranslation()
  return (
    <Confirm
      title={t('passkeys.remove')}
      about={t('passkeys.remove.about', { name: row.name })}
      deed={t('passkeys.remove')}
      onClose={onClose}
      onConfirm={async () => {
        await rest.post('x/passkeys/remove', { id: row.id })
        toast(t('passkeys.removed'), 'good')
        await onRemoved()
      }}
    />
  )
}

type OnRow = (row: PasskeyRow) => void

function useColumns(onRename: OnRow, onRemove: OnRow, isOperators: boolean): Column<PasskeyRow>[] {
  const { t } = useTranslation()
  const date = useDates()
  return [
    { id: 'name', title: t('passkeys.name'), cell: (row) => row.name },
    { id: 'created', title: t('account.created'), cell: (row) => date(row.createdTs) },
    {
      id: 'used',
      title: t('account.lastUse'),
      cell: (row) => date(row.usedTs, t('account.never')),
    },
    ...(isOperators ? [approves(t('passkeys.approves'), date)] : []),
    {
      id: 'actions',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (row) => (
        <span className={css.acts}>
          <Button
            size="small"
            aria-label={t('passkeys.rename.one', { name: row.name })}
            onClick={() => onRename(row)}
          >
            {t('passkeys.rename')}
          </Button>
          <Button
            size="small"
            aria-label={t('passkeys.remove.one', { name: row.name })}
            onClick={() => onRemove(row)}
          >
            {t('account.remove')}
          </Button>
        </span>
      ),
    },
  ]
}

function approves(title: string, date: (ts: string) => ReactNode): Column<PasskeyRow> {
  return { id: 'approves', title, cell: (row) => date(row.approvesTs) }
}
