import { useNavigate, useParams } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { Button } from '~/ui/Button'
import { Field } from '~/ui/Field'
import css from '../layout/Cells.module.css'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { Uid } from '../layout/Uid'
import type { Account } from '../rows'
import { useTranslation } from '../texts'
import { AccountsTable } from './AccountsTable'

const HOUSE = '1'

/** The ledger of any owner, from balances down to the commands that made them. */
export function LedgerPage(): ReactNode {
  const { t } = useTranslation()
  const { uid } = useParams({ strict: false }) as { uid?: string }
  return (
    <>
      <PageHead title={t('op.ledger')} about={t('op.ledger.about')} />
      <Search key={uid} uid={uid ?? ''} />
      <Accounts uid={uid ?? HOUSE} />
    </>
  )
}

function Search({ uid }: { uid: string }): ReactNode {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [typed, setTyped] = useState(uid)
  const [sequence, setSequence] = useState('')
  const isNumber = (text: string) => /^[1-9]\d{0,18}$/.test(text.trim())
  const fault = (text: string) => text.trim() !== '' && !isNumber(text) && t('op.number.fault')
  return (
    <search className={css.filters}>
      <form
        className={css.filters}
        onSubmit={(event) => {
          event.preventDefault()
          if (isNumber(typed)) void navigate({ to: `/operator/ledger/${typed.trim()}` })
        }}
      >
        <Field
          label={t('op.ledger.uid')}
          value={typed}
          error={fault(typed)}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit">{t('op.show')}</Button>
      </form>
      <form
        className={css.filters}
        onSubmit={(event) => {
          event.preventDefault()
          if (isNumber(sequence)) void navigate({ to: `/operator/commands/${sequence.trim()}` })
        }}
      >
        <Field
          label={t('op.ledger.command')}
          value={sequence}
          error={fault(sequence)}
          onChange={(event) => setSequence(event.target.value)}
        />
        <Button type="submit">{t('op.open')}</Button>
      </form>
    </search>
  )
}

function Accounts({ uid }: { uid: string }): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReading<Account, 'x/operator/accounts'>('x/operator/accounts', { uid })
  return (
    <>
      <ReadingProblem problem={error} />
      <Section title={t('op.balances')} about={<Uid uid={uid} />} flush>
        {data ? <AccountsTable uid={uid} rows={data} /> : <p className="muted">{t('loading')}</p>}
      </Section>
    </>
  )
}
