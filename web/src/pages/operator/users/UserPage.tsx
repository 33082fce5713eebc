import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { Table } from '~/ui/Table'
import css from '../layout/Cells.module.css'
import { Facts } from '../layout/Facts'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { Uid } from '../layout/Uid'
import { AccountsTable } from '../ledger/AccountsTable'
import type { WholeUser } from '../rows'
import { useTranslation } from '../texts'
import { UserActs } from './UserActs'
import { UserKeys } from './UserKeys'
import { UserOrders } from './UserOrders'
import { UserSessions } from './UserSessions'
import { UserState, useUserColumns } from './UsersPage'

/** One user with all that the exchange holds of the account. */
export function UserPage(): ReactNode {
  const { t } = useTranslation()
  const { uid } = useParams({ strict: false }) as { uid: string }
  const { may } = useOperator()
  const columns = useUserColumns()
  const { data, error } = useReading<WholeUser, 'x/operator/user'>('x/operator/user', { uid })
  const user = data?.[0]
  return (
    <>
      <Link to="/operator/users" className={css.back}>
        ‹ {t('op.users')}
      </Link>
      <PageHead title={t('op.user', { uid })} about={user?.email || user?.label} />
      <ReadingProblem problem={error} />
      {!user && !error ? <p className="muted">{t('loading')}</p> : null}
      {user ? (
        <>
          <Section title={t('op.user.about')} action={<UserActs user={user} />}>
            <UserFacts user={user} />
          </Section>
          <Section title={t('op.balances')} flush>
            <AccountsTable uid={uid} rows={user.balances} />
          </Section>
          {user.subs.length > 0 ? (
            <Section title={t('op.user.subs')} flush>
              <Table
                label={t('op.user.subs')}
                columns={columns}
                rows={user.subs}
                keyOf={(row) => row.uid}
                empty={t('op.none')}
                cards
              />
            </Section>
          ) : null}
          <UserOrders rows={user.openOrders} />
          <UserKeys uid={uid} rows={user.keys} mayRevoke={may('support')} />
          <UserSessions uid={uid} rows={user.sessions} mayEnd={may('support')} />
        </>
      ) : null}
    </>
  )
}

function UserFacts({ user }: { user: WholeUser }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const yesNo = (is: boolean) => t(is ? 'op.yes' : 'op.no')
  return (
    <Facts
      facts={[
        ['UID', user.uid],
        [t('op.state'), <UserState key="state" row={user} />],
        [t('form.email'), user.email || '–'],
        [t('op.user.label'), user.label || '–'],
        [
          t('op.user.main'),
          user.mainUid === user.uid ? '–' : <Uid key="main" uid={user.mainUid} />,
        ],
        [t('account.created'), date(user.createdTs)],
        [t('op.tier'), user.tier || '–'],
        [t('op.user.kyc'), user.kyc || '–'],
        [t('op.user.segment'), user.segment || '–'],
        [t('op.user.totp'), yesNo(user.totp)],
        [t('op.user.keysOff'), yesNo(user.keysOff)],
        [
          t('op.audit'),
          <Link key="audit" to="/operator/audit" search={{ subject: user.uid } as never}>
            {t('op.user.audit')}
          </Link>,
        ],
      ]}
    />
  )
}
