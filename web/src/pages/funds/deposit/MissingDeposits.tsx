import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { Problem } from '~/pages/account/form/Problem'
import { Badge } from '~/pages/account/layout/Badge'
import { Confirm } from '~/pages/account/layout/Confirm'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import css from '../layout/Funds.module.css'
import { CLAIMS, type Claim, lookOf, useClaims } from './claims'
import { NewClaim } from './NewClaim'

/** Where one says that a deposit is missing, and sees what became of it. */
export function MissingDeposits(): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { claims, error } = useClaims()
  const [isFiling, setFiling] = useState(false)
  const [taken, setTaken] = useState<Claim | null>(null)
  const columns = useColumns(setTaken)
  return (
    <Section
      title={t('claim.title')}
      about={t('claim.about')}
      flush
      action={<Button onClick={() => setFiling(true)}>{t('claim.new')}</Button>}
    >
      <Problem problem={error} />
      {claims?.length ? (
        <Table
          label={t('claim.title')}
          columns={columns}
          rows={claims}
          keyOf={({ claimId }) => claimId}
          empty=""
          cards
        />
      ) : null}
      {isFiling ? <NewClaim onClose={() => setFiling(false)} /> : null}
      {taken ? (
        <Confirm
          title={t('claim.takeBack')}
          about={t('claim.takeBack.about')}
          deed={t('claim.takeBack')}
          onClose={() => setTaken(null)}
          onConfirm={async () => {
            await rest.post('x/deposit-claims/withdraw', { claimId: taken.claimId })
            toast(t('claim.takenBack'), 'good')
            await client.invalidateQueries({ queryKey: CLAIMS })
          }}
        />
      ) : null}
    </Section>
  )
}

function useColumns(onTakeBack: (row: Claim) => void): Column<Claim>[] {
  const { t } = useTranslation()
  const date = useDates()
  return [
    { id: 'time', title: t('time'), cell: ({ filedTs }) => date(filedTs) },
    {
      id: 'what',
      title: t('claim.what'),
      cell: ({ kind, amt, ccy, chain, txId }) => (
        <span className={css.cell}>
          <b>
            {amt} {ccy} · {chain}
          </b>
          <span>{t(`claim.kind.${kind}`)}</span>
          <code className={css.code}>{txId}</code>
        </span>
      ),
    },
    {
      id: 'state',
      title: t('funds.state'),
      cell: ({ state, answer, depId }) => (
        <span className={css.cell}>
          <Badge look={lookOf(state)}>{t(`claim.state.${state}`)}</Badge>
          {answer ? <span>{answer}</span> : null}
          {depId ? (
            <Link to={`/deposit/${depId}`} className={css.link}>
              {t('funds.detail')}
            </Link>
          ) : null}
        </span>
      ),
    },
    {
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (row) =>
        row.state === 'open' ? (
          <Button size="small" onClick={() => onTakeBack(row)}>
            {t('claim.takeBack')}
          </Button>
        ) : null,
    },
  ]
}
