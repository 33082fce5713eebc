import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Notice } from '~/app/Notice'
import { useTranslation } from '~/i18n'
import { Problem } from '~/pages/account/form/Problem'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Copyable } from '~/pages/account/layout/Copyable'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { Expected } from '~/pages/status/Expected'
import { type Line, networkOf, useLines } from '../currencies'
import { Confirmations } from '../layout/Confirmations'
import { FactList } from '../layout/FactList'
import css from '../layout/Funds.module.css'
import { type Step, Steps } from '../layout/Steps'
import { State } from './DepositsTable'
import { type Deposit, isHeld, isTakenBack, useDeposits } from './deposits'

/** Deposits are suspended. */
const WAITS = '8'

/** One deposit: how far it is, and where on the chain. */
export function DepositDetail(): ReactNode {
  const { t } = useTranslation()
  const { depId } = useParams({ strict: false }) as { depId: string }
  const { rows, error } = useDeposits()
  const lines = useLines()
  const row = rows?.find((each) => each.depId === depId)
  if (!row) {
    if (rows) return <Notice title={t('notFound.title')}>{t('deposit.unknown')}</Notice>
    return error ? <Problem problem={error} /> : <p className="muted">{t('loading')}</p>
  }
  return <Detail row={row} line={lines?.find(({ chain }) => chain === row.chain)} />
}

function Detail({ row, line }: { row: Deposit; line: Line | undefined }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  const needed = Number(line?.minWdUnlockConfirm ?? 0)
  const confirmed = <Confirmations count={Number(row.actualDepBlkConfirm)} needed={needed} />
  return (
    <>
      <Link to="/deposit" className={css.back}>
        ‹ {t('deposit.list')}
      </Link>
      <PageHead title={t('deposit.of', { amount: amount(row.amt), ccy: row.ccy })} />
      {row.state === WAITS ? (
        <p className={css.warning} role="status">
          {t('deposit.waits')} <Expected ts={row.xEstOpenTs ?? ''} />
        </p>
      ) : null}
      {isTakenBack(row) ? (
        <p className={css.warning} role="status">
          {t('deposit.takenBack')}
        </p>
      ) : null}
      {row.state === '0' && row.xMissing && row.xMinDep ? (
        <p className={css.warning} role="status">
          {t('deposit.small', {
            least: amount(row.xMinDep),
            missing: amount(row.xMissing),
            ccy: row.ccy,
            network: networkOf(row.chain),
          })}
        </p>
      ) : null}
      <Section title={t('funds.progress')}>
        <Steps label={t('funds.progress')} steps={useSteps(row, line)} />
      </Section>
      <Section title={t('funds.onChain')}>
        <div className={css.details}>
          <FactList
            facts={[
              [t('funds.state'), <State key="state" row={row} line={undefined} />],
              [t('funds.network'), row.chain ? networkOf(row.chain) : t('withdraw.inside')],
              [t('funds.block'), row.xHeight || t('funds.noBlock')],
              [t('funds.confirmed'), needed ? confirmed : row.actualDepBlkConfirm],
              [t('funds.seen'), date(row.ts)],
            ]}
          />
          {row.txId ? <Copyable label={t('funds.transaction')} text={row.txId} /> : null}
          {row.xBlock ? <Copyable label={t('funds.blockHash')} text={row.xBlock} /> : null}
          <Copyable label={t('funds.to')} text={row.to} />
        </div>
      </Section>
    </>
  )
}

/** Seen, in a block, credited, free: which of them it has come to. */
function useSteps(row: Deposit, line: Line | undefined): Step[] {
  const { t } = useTranslation()
  const reached = reachedBy(row)
  const after = (count: string | undefined) => t('deposit.after', { count: Number(count ?? 0) })
  const names = [
    [t('deposit.step.seen'), ''],
    [t('deposit.step.block'), row.xHeight ? t('funds.inBlock', { height: row.xHeight }) : ''],
    [t('deposit.step.credited'), after(line?.minDepArrivalConfirm)],
    [t('deposit.step.unlocked'), after(line?.minWdUnlockConfirm)],
  ] as const
  const stopped = isHeld(row) || isTakenBack(row) || row.state === WAITS
  return names.map(([name, about], place) => {
    const is = place < reached ? 'done' : place > reached ? 'later' : stopped ? 'bad' : 'now'
    const words = is === 'bad' ? t(`deposit.state.${row.state}`) : about
    return { name, is, ...(words ? { about: words } : {}) }
  })
}

/** How many of the four steps are done. */
function reachedBy({ state, xHeight }: Deposit): number {
  if (state === '2') return 4
  if (state === '1') return 3
  return xHeight ? 2 : 1
}
