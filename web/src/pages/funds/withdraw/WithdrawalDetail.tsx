import { Link, useParams } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { Notice } from '~/app/Notice'
import { useTranslation } from '~/i18n'
import { Problem } from '~/pages/account/form/Problem'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Copyable } from '~/pages/account/layout/Copyable'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { Button } from '~/ui/Button'
import { networkOf, useLines } from '../currencies'
import { Confirmations } from '../layout/Confirmations'
import { FactList } from '../layout/FactList'
import css from '../layout/Funds.module.css'
import { type Step, Steps } from '../layout/Steps'
import { CancelDialog } from './CancelDialog'
import { ConfirmDialog } from './ConfirmDialog'
import { FeeRose } from './FeeRose'
import { HeldUntil } from './HeldUntil'
import { QueuePlace } from './QueuePlace'
import { TrancheLinks, Tranches } from './Tranches'
import {
  isCancelable,
  isInside,
  isOver,
  isToConfirm,
  stateKey,
  useWithdrawals,
  type Withdrawal,
} from './withdrawals'

/** One withdrawal: how far it is, and where on the chain. */
export function WithdrawalDetail(): ReactNode {
  const { t } = useTranslation()
  const { wdId } = useParams({ strict: false }) as { wdId: string }
  const { rows, error } = useWithdrawals()
  const row = rows?.find((each) => each.wdId === wdId)
  if (!row) {
    if (rows) return <Notice title={t('notFound.title')}>{t('withdraw.unknown')}</Notice>
    return error ? <Problem problem={error} /> : <p className="muted">{t('loading')}</p>
  }
  return <Detail row={row} />
}

function Detail({ row }: { row: Withdrawal }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const [asked, ask] = useState<'cancel' | 'confirm' | null>(null)
  return (
    <>
      <Link to="/withdraw" className={css.back}>
        ‹ {t('withdraw.list')}
      </Link>
      <PageHead
        title={t('withdraw.of', { amount: amount(row.amt), ccy: row.ccy })}
        action={
          <span className={css.acts}>
            {isToConfirm(row) ? (
              <Button look="primary" onClick={() => ask('confirm')}>
                {t('withdraw.confirm')}
              </Button>
            ) : null}
            {isCancelable(row) ? (
              <Button look="caution" onClick={() => ask('cancel')}>
                {t('withdraw.cancel')}
              </Button>
            ) : null}
          </span>
        }
      />
      <Section title={t('funds.progress')}>
        <Steps label={t('funds.progress')} steps={useSteps(row)} />
      </Section>
      {isInside(row) ? <Inside row={row} /> : <OnChain row={row} />}
      {asked === 'cancel' ? <CancelDialog row={row} onClose={() => ask(null)} /> : null}
      {asked === 'confirm' ? <ConfirmDialog row={row} onClose={() => ask(null)} /> : null}
    </>
  )
}

/** To another user there is no chain, and no fee. */
function Inside({ row }: { row: Withdrawal }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  return (
    <Section title={t('withdraw.inside')}>
      <div className={css.details}>
        <FactList
          facts={[
            [t('withdraw.fee'), t('withdraw.user.free')],
            [t('withdraw.asked'), date(row.ts)],
          ]}
        />
        <Copyable label={t('withdraw.user.uid')} text={row.to} />
      </div>
    </Section>
  )
}

function OnChain({ row }: { row: Withdrawal }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  const needed = Number(
    useLines()?.find(({ chain }) => chain === row.chain)?.minWdUnlockConfirm ?? 0,
  )
  const counted = isOver(row) || !row.xHeight || !needed ? null : Number(row.xConfirm)
  return (
    <Section title={t('funds.onChain')}>
      <div className={css.details}>
        <FactList
          facts={[
            [t('funds.network'), networkOf(row.chain)],
            [t('withdraw.fee'), `${amount(row.fee)} ${row.ccy}`],
            [t('funds.block'), row.xHeight || t('funds.noBlock')],
            [t('withdraw.asked'), date(row.ts)],
            [t('withdraw.changed'), date(row.xChangedTs)],
          ]}
        />
        <TrancheLinks row={row} />
        {counted === null ? null : <Confirmations count={counted} needed={needed} />}
        {row.txId ? <Copyable label={t('funds.transaction')} text={row.txId} /> : null}
        <Copyable label={t('funds.to')} text={row.to} />
        {row.tag ? <Copyable label={t('deposit.memo')} text={row.tag} /> : null}
      </div>
    </Section>
  )
}

/** Asked for, checked or queued, sent, in a block, complete: which of them it has come to. */
function useSteps(row: Withdrawal): Step[] {
  const { t } = useTranslation()
  const asked: Step = { name: t('withdraw.step.asked'), is: 'done' }
  if (row.state.startsWith('-')) return [asked, { name: t(stateKey(row)), is: 'bad' }]
  // To another user of the exchange there is no way to go.
  if (isInside(row)) return [asked, { name: t('withdraw.step.done'), is: 'done' }]
  const names = [
    t('withdraw.step.checks'),
    t('withdraw.step.sent'),
    t('withdraw.step.block'),
    t('withdraw.step.done'),
  ]
  const reached = REACHED[row.state] ?? 0
  const waits = <Waits row={row} />
  const steps = names.map((name, place): Step => {
    if (place < reached) return { name, is: 'done' }
    if (place > reached) return { name, is: 'later' }
    return { name, is: 'now', about: waits }
  })
  return [asked, ...steps]
}

/** How many of the steps after the request are done, by state; those that wait have none. */
const REACHED: Record<string, number> = { '1': 2, '15': 3, '2': 4 }

function Waits({ row }: { row: Withdrawal }): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <span>{t(stateKey(row))}</span>
      <Tranches row={row} />
      <QueuePlace row={row} />
      <FeeRose row={row} />
      <HeldUntil row={row} />
    </>
  )
}
