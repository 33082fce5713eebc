import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { type MessageKey, useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import { Problem } from '../form/Problem'
import { Badge } from '../layout/Badge'
import { useDates } from '../layout/dates'
import { PageHead, Section } from '../layout/Section'
import { NewSubAccount } from './NewSubAccount'
import { type Frozen, frozenQuery, type SubAccount, subAccountsQuery } from './rows'
import css from './SubAccounts.module.css'

/** The sub-accounts of a master. */
export function SubAccountsPage(): ReactNode {
  const { t } = useTranslation()
  const [isMaking, setMaking] = useState(false)
  const { data: rows, error } = useQuery(subAccountsQuery)
  return (
    <>
      <PageHead title={t('subs.title')} about={t('subs.about')} />
      <Problem problem={error} />
      <Section
        title={t('subs.list')}
        flush
        action={
          <Button look="primary" onClick={() => setMaking(true)}>
            {t('subs.create')}
          </Button>
        }
      >
        <Table
          label={t('subs.list')}
          columns={useColumns()}
          rows={rows ?? []}
          keyOf={(row) => row.subAcct}
          empty={t(rows ? 'subs.none' : 'account.loading')}
          cards
        />
      </Section>
      {isMaking ? <NewSubAccount onClose={() => setMaking(false)} /> : null}
    </>
  )
}

function useColumns(): Column<SubAccount>[] {
  const { t } = useTranslation()
  const date = useDates()
  return [
    {
      id: 'name',
      title: t('subs.name'),
      cell: (row) => (
        <Link to={`/account/sub-accounts/${row.subAcct}`} className={css.name}>
          {row.subAcct}
        </Link>
      ),
    },
    {
      id: 'label',
      title: t('subs.label'),
      cell: (row) => <span className={css.label}>{row.label || '–'}</span>,
    },
    { id: 'uid', title: 'UID', cell: (row) => row.uid },
    { id: 'state', title: t('subs.state'), cell: (row) => <State row={row} /> },
    { id: 'created', title: t('account.created'), cell: (row) => date(row.ts) },
  ]
}

function frozenKey(by: Frozen['frozenBy']): MessageKey {
  if (by.includes('exchange')) return 'subs.frozen.exchange'
  return by.includes('master') ? 'subs.frozen.master' : 'subs.frozen'
}

/** Whether a sub-account may act and send. */
export function State({ row }: { row: SubAccount }): ReactNode {
  const { t } = useTranslation()
  const { data: frozen } = useQuery({ ...frozenQuery, enabled: !row.enable })
  const by = frozen?.find(({ subAcct }) => subAcct === row.subAcct)?.frozenBy ?? []
  if (!row.enable) return <Badge look="bad">{t(frozenKey(by))}</Badge>
  if (!row.canTransOut) return <Badge look="bad">{t('subs.noOut')}</Badge>
  return <Badge look="good">{t('subs.active')}</Badge>
}
