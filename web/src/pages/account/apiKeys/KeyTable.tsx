import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import { Badge } from '../layout/Badge'
import { useDates } from '../layout/dates'
import css from './ApiKeys.module.css'
import { PERMISSION_NAMES, permissionsOf } from './permissions'

/** A key of one's own or of a sub-account, of which less is told. */
export interface KeyRow {
  apiKey: string
  label: string
  perm: string
  ip: string
  createdTs: string
  usedTs?: string
  endsTs?: string
}

export interface KeyTableProps {
  rows: KeyRow[] | undefined
  onEdit(row: KeyRow): void
  onDelete(row: KeyRow): void
  /** Whether the last use and the end are known. */
  withUse?: boolean
}

export function KeyTable({ rows, onEdit, onDelete, withUse }: KeyTableProps): ReactNode {
  const { t } = useTranslation()
  const use = useUseColumns()
  const columns = [...useColumns(), ...(withUse ? use : []), useActions(onEdit, onDelete)]
  return (
    <Table
      label={t('apiKeys.title')}
      columns={columns}
      rows={rows ?? []}
      keyOf={(row) => row.apiKey}
      empty={t(rows ? 'apiKeys.none' : 'account.loading')}
      cards
    />
  )
}

function useColumns(): Column<KeyRow>[] {
  const { t } = useTranslation()
  const date = useDates()
  return [
    {
      id: 'key',
      title: t('apiKeys.key'),
      cell: (row) => (
        <span className={css.name}>
          {row.label}
          <code>{row.apiKey}</code>
        </span>
      ),
    },
    {
      id: 'perm',
      title: t('apiKeys.perm'),
      cell: (row) => (
        <span className={css.list}>
          {permissionsOf(row.perm).map((each) => (
            <Badge key={each} look="plain">
              {t(PERMISSION_NAMES[each])}
            </Badge>
          ))}
        </span>
      ),
    },
    {
      id: 'ip',
      title: t('apiKeys.ip'),
      cell: (row) => (
        <span className={css.addresses}>
          {row.ip ? row.ip.replaceAll(',', ', ') : t('apiKeys.anywhere')}
        </span>
      ),
    },
    { id: 'created', title: t('account.created'), cell: (row) => date(row.createdTs) },
  ]
}

function useUseColumns(): Column<KeyRow>[] {
  const { t } = useTranslation()
  const date = useDates()
  return [
    {
      id: 'used',
      title: t('account.lastUse'),
      cell: (row) => date(row.usedTs ?? '', t('account.never')),
    },
    {
      id: 'ends',
      title: t('apiKeys.ends'),
      cell: (row) => date(row.endsTs ?? '', t('account.never')),
    },
  ]
}

function useActions(
  onEdit: (row: KeyRow) => void,
  onDelete: (row: KeyRow) => void,
): Column<KeyRow> {
  const { t } = useTranslation()
  return {
    id: 'actions',
    title: <span className="unseen">{t('account.actions')}</span>,
    number: true,
    cell: (row) => (
      <span className={css.buttons}>
        <Button
          size="small"
          aria-label={t('apiKeys.edit.one', { label: row.label })}
          onClick={() => onEdit(row)}
        >
          {t('account.edit')}
        </Button>
        <Button
          size="small"
          aria-label={t('apiKeys.delete.one', { label: row.label })}
          onClick={() => onDelete(row)}
        >
          {t('account.delete')}
        </Button>
      </span>
    ),
  }
}
