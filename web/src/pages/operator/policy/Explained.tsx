import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { Facts } from '../layout/Facts'
import { People } from '../layout/Uid'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import css from './Policy.module.css'
import { RiskScore } from './RiskScore'
import type { Decision } from './rows'
import { useLacking, Wanted } from './Wanted'

/** How a decision came about: each rule that was looked at, and why it did not match. */
export function Explained({ decision }: { decision: Decision }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const date = useDates()
  const amount = useAmounts()
  const concerns = decision.concerns.map((one) => word('concern', one)).join(', ')
  const voices = decision.approvals.map((uid) => ({ uid }))
  const { risk } = decision
  const lacking = useLacking()(decision)
  return (
    <div className={css.whole}>
      <Facts
        facts={[
          [
            t('op.state'),
            <Badge key="state" look={decisionLook(decision.state)}>
              {word('decision', decision.state)}
            </Badge>,
          ],
          [t('op.decision.verb'), word('verb', decision.verb)],
          [t('op.given'), <Wanted key="given" decision={decision} />],
          ...(lacking ? [[t('op.wants.waits'), lacking] as const] : []),
          [t('op.approvedBy'), <People key="by" voices={voices} />],
          ...(concerns ? [[t('op.decision.concerns'), concerns] as const] : []),
          ...(risk.score ? [[t('op.risk'), <RiskScore key="risk" risk={risk} />] as const] : []),
          ...(risk.met ? [[t('op.risk.met'), word('risk.outcome', risk.met)] as const] : []),
          ...(Number(risk.untilTs) > Date.now()
            ? [[t('op.risk.until'), date(risk.untilTs)] as const]
            : []),
          ['USD', amount(decision.usd)],
          [t('op.policy.version'), decision.version],
          [t('op.decision.at'), date(decision.ts)],
          [t('op.decision.digest'), <code key="d">{decision.digest.slice(0, 16)}…</code>],
        ]}
      />
      {risk.reasons.length ? (
        <ul className={css.trace} aria-label={t('op.risk.reasons')}>
          {risk.reasons.map(({ reason, points }) => (
            <li key={reason}>
              {t('op.risk.reason', { points, why: word('risk.reason', reason) })}
            </li>
          ))}
        </ul>
      ) : null}
      <ol className={css.trace}>
        {decision.trace.map(({ rule, failed }) => (
          <li key={rule}>
            {failed
              ? t('op.trace.failed', { rule, why: word('trace', failed) })
              : t('op.trace.matched', { rule, verb: word('verb', decision.verb) })}
          </li>
        ))}
        {decision.rule === '0' ? <li>{t('op.trace.default')}</li> : null}
      </ol>
    </div>
  )
}

export function decisionLook(state: string): 'good' | 'bad' | 'plain' {
  if (state === 'allowed') return 'good'
  return state === 'waiting' ? 'plain' : 'bad'
}
