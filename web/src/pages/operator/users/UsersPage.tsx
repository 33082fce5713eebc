import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { PagedTable } from '~/pages/trade/orders/PagedTable'
import { PAGE_ROWS, usePages } from '~/pages/trade/orders/pages'
import { Button } from '~/ui/Button'
import { Field } from '~/ui/Field'
import type { Column } from '~/ui/Table'
import css from '../layout/Cells.module.css'
import { useWords } from '../layout/words'
import type { User } from '../rows'
import { useTranslation } from '../texts'

/** Who has an account. Looking somebody up is itself noted in the audit log. */
export function UsersPage(): ReactNode {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [query, setQuery] = useState('')
  const pages = usePages<User>(
    ['operator', 'users', query],
    (after) =>
      rest.get<User, 'x/operator/users'>('x/operator/users', {
        query,
        limit: PAGE_ROWS,
        ...(after ? { after } : {}),
      }),
    ({ uid }) => uid,
  )
  return (
    <>
      <PageHead title={t('op.users')} about={t('op.users.about')} />
      <search>
        <form
          className={css.filters}
          onSubmit={(event) => {
            event.preventDefault()
            setQuery(typed.trim())
          }}
        >
          <div className={css.grow}>
            <Field
              label={t('op.users.query')}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              maxLength={256}
              spellCheck={false}
            />
          </div>
          <Button type="submit" look="primary">
            {t('op.search')}
          </Button>
        </form>
      </search>
      <Section title={t('op.users.found')} flush>
        <PagedTable
          label={t('op.users.found')}
          columns={useUserColumns()}
          pages={pages}
          keyOf={({ uid }) => uid}
          empty={t('op.users.none')}
        />
      </Section>
    </>
  )
}

/** What lists of users show. */
export function useUserColumns(): Column<User>[] {
  const { t } = useTranslation()
  const date = useDates()
  return [
    {
      id: 'uid',
      title: 'UID',
      cell: ({ uid }) => <Link to={`/operator/users/${uid}`}>{uid}</Link>,
    },
    {
      id: 'email',
      title: t('op.user.who'),
      cell: ({ email, label }) => <span className={css.long}>{email || label || '–'}</span>,
    },
    { id: 'flags', title: t('op.state'), cell: (row) => <UserState row={row} /> },
    {
      id: 'subs',
      title: t('op.user.subs'),
      number: true,
      detail: true,
      cell: ({ subAccounts }) => subAccounts,
    },
    {
      id: 'created',
      title: t('account.created'),
      detail: true,
      cell: ({ createdTs }) => date(createdTs),
    },
  ]
}

/** What a user may not, and which roles a user has. */
export function UserState({ row }: { row: User }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  return (
    <span className={css.words}>
      {row.closed ? <Badge look="bad">{t('op.user.closed')}</Badge> : null}
      {row.flags.map((flag) => (
        <Badge key={flag} look="bad">
          {word('flag', flag)}
        </Badge>
      ))}
      {row.flags.length === 0 && !row.closed ? (
        <Badge look="good">{t('op.user.active')}</Badge>
      ) : null}
      {row.roles.map((role) => (
        <Badge key={role} look="plain">
          {word('role', role)}
        </Badge>
      ))}
    </span>
  )
}
