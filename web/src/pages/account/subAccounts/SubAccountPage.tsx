import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { Notice } from '~/app/Notice'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { toast } from '~/ui/toasts'
import type { MadeKey } from '../apiKeys/KeySecret'
import { KeySection } from '../apiKeys/KeySection'
import { Problem } from '../form/Problem'
import { useAction } from '../form/useForm'
import { PageHead, Section } from '../layout/Section'
import { Freeze } from './Freeze'
import { Holdings } from './Holdings'
import { SUBS, type SubAccount, subAccountsQuery } from './rows'
import css from './SubAccounts.module.css'
import { State } from './SubAccountsPage'
import { TransferForm } from './TransferForm'
import { Transfers } from './Transfers'

/** One sub-account: what lies on it, transfers, keys, whether it may send and act. */
export function SubAccountPage(): ReactNode {
  const { t } = useTranslation()
  const { name } = useParams({ strict: false }) as { name: string }
  const { data: rows, error } = useQuery(subAccountsQuery)
  const sub = rows?.find((row) => row.subAcct === name)
  if (!sub) {
    if (rows) return <Notice title={t('notFound.title')}>{t('subs.unknown')}</Notice>
    return error ? <Problem problem={error} /> : <p className="muted">{t('account.loading')}</p>
  }
  return (
    <>
      <Link to="/account/sub-accounts" className={css.back}>
        ‹ {t('subs.title')}
      </Link>
      <PageHead title={sub.subAcct} about={sub.label || `UID ${sub.uid}`} />
      <Section title={t('subs.balances')} flush>
        <Holdings sub={name} />
      </Section>
      <Section title={t('subs.transfer')} about={t('subs.transfer.about')}>
        <TransferForm sub={name} />
      </Section>
      <Out sub={sub} />
      <Freeze sub={sub} />
      <Keys name={name} />
      <Transfers sub={name} />
    </>
  )
}

function Out({ sub }: { sub: SubAccount }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { run, busy, problem } = useAction(async () => {
    const wanted = { subAcct: [sub.subAcct], canTransOut: !sub.canTransOut }
    await rest.post('users/subaccount/set-transfer-out', wanted)
    await client.invalidateQueries({ queryKey: SUBS })
    toast(t(sub.canTransOut ? 'subs.out.stopped' : 'subs.out.allowed'), 'good')
  })
  const action = (
    <Button busy={busy} disabled={!sub.enable} onClick={() => void run()}>
      {t(sub.canTransOut ? 'subs.out.stop' : 'subs.out.allow')}
    </Button>
  )
  return (
    <Section title={t('subs.out')} about={t('subs.out.about')} action={action}>
      <State row={sub} />
      <Problem problem={problem} />
    </Section>
  )
}

interface SubKey {
  apiKey: string
  label: string
  perm: string
  ip: string
  ts: string
}

function Keys({ name }: { name: string }): ReactNode {
  const client = useQueryClient()
  const queryKey = ['sub-keys', name]
  const { data, error } = useQuery({
    queryKey,
    queryFn: () =>
      rest.get<SubKey, 'users/subaccount/apikey'>('users/subaccount/apikey', { subAcct: name }),
  })
  const again = () => client.invalidateQueries({ queryKey })
  return (
    <KeySection
      rows={data?.map(({ ts, ...row }) => ({ ...row, createdTs: ts }))}
      error={error}
      onCreate={async (values) => {
        const sent = { subAcct: name, ...values }
        const [made] = await rest.post<MadeKey>('users/subaccount/apikey', sent)
        void again()
        return made
      }}
      onEdit={async ({ apiKey }, { label, perm, ip }) => {
        const sent = { subAcct: name, apiKey, label, perm, ip }
        await rest.post('users/subaccount/modify-apikey', sent)
        void again()
      }}
      onDelete={async ({ apiKey }) => {
        await rest.post('users/subaccount/delete-apikey', { subAcct: name, apiKey })
        void again()
      }}
    />
  )
}
