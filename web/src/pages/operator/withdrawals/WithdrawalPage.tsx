import { Link, useParams } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { Refusal } from '~/api/refusal'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import css from '../layout/Cells.module.css'
import { Facts } from '../layout/Facts'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import { DecisionActs } from '../policy/DecisionsTable'
import { Explained } from '../policy/Explained'
import type { Decision } from '../policy/rows'
import { useTranslation } from '../texts'
import { sentOf, type WholeWithdrawal, type Withdrawal, worth } from './rows'
import { Verdicts } from './Verdicts'

const NONE = '95002'
const EVERY_MS = 3_000
const OVER = 'over'

/** One withdrawal: where it goes, and what the policy said of it. Looking is noted, so that it is
 * read again as it has changed alone. */
export function WithdrawalPage(): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const { wdId } = useParams({ strict: false }) as { wdId: string }
  const { data, error, refetch } = useReading<WholeWithdrawal, 'x/operator/withdrawal'>(
    'x/operator/withdrawal',
    { wdId },
  )
  const one = data?.[0]
  const newest = useNewest(wdId)
  const shown = one && (one.queue ? one.changedTs : OVER)
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is shown follows from it
  useEffect(() => {
    if (newest && shown && newest !== shown) void refetch()
  }, [newest])
  return (
    <>
      <Link to="/operator/withdrawals" className={css.back}>
        ‹ {t('op.withdrawals')}
      </Link>
      <PageHead
        title={t('op.wd.one', { number: `…${wdId.slice(-6)}` })}
        action={
          one ? (
            <span className={css.onGround}>
              <Badge look="plain">
                {one.queue === 'held' ? word('queue', 'held') : word('wdState', one.state)}
              </Badge>
            </span>
          ) : null
        }
      />
      <ReadingProblem problem={error} />
      {!one && !error ? <p className="muted">{t('loading')}</p> : null}
      {one ? <Whole one={one} /> : null}
    </>
  )
}

/** When a withdrawal changed last, by the list, which is no look at what is personal. */
function useNewest(wdId: string): string | undefined {
  const before = /^\d+$/.test(wdId) ? (BigInt(wdId) - 1n).toString() : wdId
  const { data } = useReading<Withdrawal, 'x/operator/withdrawals'>(
    'x/operator/withdrawals',
    { after: before, limit: '1' },
    EVERY_MS,
  )
  const first = data?.[0]
  return data && (first?.wdId === wdId ? first.changedTs : OVER)
}

function Whole({ one }: { one: WholeWithdrawal }): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  const word = useWords()
  const isReviewed = one.queue === 'review'
  return (
    <>
      {isReviewed ? (
        <Section
          title={t('op.decide')}
          about={t(may('support') ? 'op.wd.decide' : 'op.wd.others')}
          action={may('support') ? <Verdicts row={one} /> : null}
        />
      ) : null}
      <Section title={t('op.terms')} about={one.queue ? word('queueAbout', one.queue) : null}>
        <Terms one={one} />
      </Section>
      <Policy wdId={one.wdId} />
    </>
  )
}

function Terms({ one }: { one: WholeWithdrawal }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  return (
    <Facts
      facts={[
        [t('op.user.about'), <Uid key="uid" uid={one.uid} />],
        [t('form.size'), `${amount(one.amt)} ${one.ccy}`],
        ['USD', amount(worth(one.usd))],
        ...(one.allowSplit ? [[t('op.wd.split'), sentOf(one, amount)] as const] : []),
        ...(one.parentWdId
          ? [[t('op.wd.part'), <Way key="whole" wdId={one.parentWdId} />] as const]
          : []),
        ...one.tranches.map(
          (each) => [t('op.wd.tranche'), <Way key={each} wdId={each} />] as const,
        ),
        [t('op.wd.fee'), `${amount(one.fee)} ${one.ccy}`],
        [t('op.sus.line'), one.chain || '–'],
        [t('op.wd.to'), one.to || '–'],
        [t('op.wd.toSince'), date(one.toSinceTs)],
        [t('op.wd.asked'), date(one.requestedTs)],
        [t('op.updated'), date(one.changedTs)],
        [t('op.wd.by'), t(one.byApi ? 'op.wd.api' : 'op.wd.page')],
        [t('op.wd.tx'), one.txId || '–'],
      ]}
    />
  )
}

function Way({ wdId }: { wdId: string }): ReactNode {
  return <Link to={`/operator/withdrawals/${wdId}`}>…{wdId.slice(-6)}</Link>
}

/** The policy's decision, explained; where nobody asked it, that. */
function Policy({ wdId }: { wdId: string }): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReading<Decision, 'x/operator/policy/decision'>(
    'x/operator/policy/decision',
    { wdId },
    EVERY_MS,
  )
  const isNone = error instanceof Refusal && error.code === NONE
  const decision = data?.[0]
  return (
    <Section
      title={t('op.explained')}
      about={isNone ? t('op.explained.none') : null}
      action={decision?.state === 'waiting' ? <DecisionActs row={decision} /> : null}
    >
      {isNone ? null : <ReadingProblem problem={error} />}
      {decision ? <Explained decision={decision} /> : null}
    </Section>
  )
}
