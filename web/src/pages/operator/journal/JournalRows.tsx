import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Column, Table } from '~/ui/Table'
import { useMoments } from '../layout/moments'
import { FieldList } from '../ledger/FieldList'
import type { JournalRow } from '../rows'
import { useTranslation } from '../texts'
import css from './Journal.module.css'

/** Rows of the log with their commands by name. */
export function JournalRows({ rows }: { rows: readonly JournalRow[] | undefined }): ReactNode {
  const { t } = useTranslation()
  const date = useMoments()
  const columns: Column<JournalRow>[] = [
    { id: 'sequence', title: t('op.sequence'), cell: ({ sequence }) => sequence },
    { id: 'time', title: t('time'), cell: ({ ts }) => date(ts) },
    {
      id: 'commands',
      // Not a text: on a phone the list has the whole width.
      title: <span>{t('op.commands')}</span>,
      cell: ({ commands }) => (
        <ul className={css.commands}>
          {commands.map(({ sequence, command, fields }) => (
            <li key={sequence} className={css.command}>
              <details>
                <summary>{command}</summary>
                <FieldList fields={fields} />
              </details>
              <Link
                to={`/operator/commands/${sequence}`}
                aria-label={t('op.command.one', { sequence })}
              >
                {sequence}
              </Link>
            </li>
          ))}
        </ul>
      ),
    },
    {
      id: 'hash',
      title: t('op.hash'),
      cell: ({ hash }) => <code title={hash}>{hash.slice(0, 12)}…</code>,
      wideOnly: true,
    },
  ]
  return (
    <Table
      label={t('op.journal.rows')}
      columns={columns}
      rows={rows ?? []}
      keyOf={({ sequence }) => sequence}
      empty={t(rows ? 'op.none' : 'loading')}
      cards
    />
  )
}
