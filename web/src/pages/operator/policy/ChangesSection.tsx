import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import { Facts } from '../layout/Facts'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { People, Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import css from './Policy.module.css'
import { TableChanges } from './RiskTable'
import { RuleList } from './RuleList'
import { type Change, hasTable, type Policy, type Replay } from './rows'

const SHOWN_MAX = 20

/** Changes that do not hold yet, each with what it would have made of the last 30 days. */
export function ChangesSection({ policy }: { policy: Policy }): ReactNode {
  const { t } = useTranslation()
  const open = policy.changes.filter(({ over }) => !over)
  if (open.length === 0) return null
  return (
    <Section title={t('op.changes.policy')} about={t('op.changes.policy.about')}>
      {open.map((change) => (
        <OneChange key={change.change} change={change} policy={policy} />
      ))}
    </Section>
  )
}

interface OneProps {
  change: Change
  policy: Policy
}

function OneChange({ change, policy }: OneProps): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const { uid } = useOperator()
  const { data, error } = useReading<Replay, 'x/operator/policy/replay'>(
    'x/operator/policy/replay',
    { change: change.change },
  )
  const replay = data?.[0]
  const mayAgree = !change.holdsTs && change.proposer !== uid && !change.agreed.includes(uid)
  return (
    <div className={css.change}>
      <Facts
        facts={[
          [t('op.proposer'), <Uid key="proposer" uid={change.proposer} />],
          [t('account.created'), date(change.ts)],
          [
            t('op.approvedBy'),
            <People key="by" voices={change.agreed.map((one) => ({ uid: one }))} />,
          ],
          [t('op.change.holds'), change.holdsTs ? date(change.holdsTs) : t('op.change.notYet')],
        ]}
      />
      {change.contested ? <p className="muted">{t('op.change.contested')}</p> : null}
      {change.returns ? <p className="muted">{t('op.change.returns')}</p> : null}
      <Content change={change} policy={policy} />
      <ReadingProblem problem={error} />
      {replay || error ? null : (
        <p className="muted" role="status">
          {t('op.replay30.waiting')}
        </p>
      )}
      {replay ? <Seen replay={replay} change={change} /> : null}
      <span className={css.acts}>
        {mayAgree && replay ? (
          <Act label={t('op.change.agree')} look="primary">
            {(close) => <AgreeDialog change={change} replay={replay} onClose={close} />}
          </Act>
        ) : null}
        <Act label={t('op.change.drop')}>
          {(close) => (
            <ActDialog
              title={t('op.change.drop')}
              about={t('op.change.drop.about')}
              path="x/operator/policy/withdraw"
              fixed={{ change: change.change }}
              deed={t('op.change.drop')}
              look="danger"
              onClose={close}
              onDone={() => toast(t('op.withdrawn'), 'good')}
            />
          )}
        </Act>
      </span>
    </div>
  )
}

/** The rules of a change, or what it makes another in the table. */
function Content({ change, policy }: OneProps): ReactNode {
  if (!hasTable(change.risk)) return <RuleList rules={change.rules} before={policy.rules} />
  if (!hasTable(policy.risk)) return null
  return <TableChanges before={policy.risk} table={change.risk} />
}

interface AgreeProps {
  change: Change
  replay: Replay
  onClose(): void
}

/** Agrees to a change in the face of what it would have done. */
function AgreeDialog({ change, replay, onClose }: AgreeProps): ReactNode {
  const { t } = useTranslation()
  return (
    <ActDialog
      title={t('op.change.agree')}
      about={t('op.change.agree.about')}
      path="x/operator/policy/agree"
      fixed={{ change: change.change, replay: replay.replay }}
      deed={t('op.change.agree')}
      onClose={onClose}
      onDone={() => toast(t('op.approved'), 'good')}
    >
      <Seen replay={replay} change={change} />
    </ActDialog>
  )
}

/** What a change would have made of the requests of the last 30 days. */
function Seen({ replay, change }: { replay: Replay; change: Change }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const isTable = hasTable(change.risk)
  const group = isTable ? 'risk.outcome' : 'verb'
  const more = replay.differs.length - SHOWN_MAX
  return (
    <div className={css.whole}>
      <p>
        <Badge look={replay.differs.length > 0 ? 'bad' : 'good'}>
          {t('op.replay30', {
            count: replay.differs.length,
            all: Number(replay.lookedAt),
          })}
        </Badge>
      </p>
      {replay.differs.length > 0 ? (
        <ul className={css.trace}>
          {replay.differs.slice(0, SHOWN_MAX).map(({ wdId, before, after, rule }) => (
            <li key={wdId}>
              <Link to={`/operator/withdrawals/${wdId}`}>…{wdId.slice(-6)}</Link>:{' '}
              {t(isTable ? 'op.replay30.risk' : 'op.replay30.one', {
                before: word(group, before),
                after: word(group, after),
                rule,
              })}
            </li>
          ))}
          {more > 0 ? <li>{t('op.replay30.more', { count: more })}</li> : null}
        </ul>
      ) : null}
      {isTable ? <p className="muted">{t('op.table.replayed')}</p> : null}
      {replay.isWindowOther ? <p className="muted">{t('op.table.window')}</p> : null}
    </div>
  )
}
