import { type ReactNode, useState } from 'react'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { Button } from '~/ui/Button'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useTranslation } from '../texts'
import { ChangesSection } from './ChangesSection'
import { DecisionsTable } from './DecisionsTable'
import { PastChanges } from './PastChanges'
import css from './Policy.module.css'
import { RiskTableSection } from './RiskTable'
import { RuleDialog } from './RuleDialog'
import { RuleList } from './RuleList'
import type { Policy, Rule } from './rows'
import { areSame, freshNumber } from './rules'

const EVERY_MS = 5_000

/** The rules of what leaves, their changes with what those would have done, and decisions. */
export function PolicyPage(): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReading<Policy, 'x/operator/policy'>('x/operator/policy', {}, EVERY_MS)
  const policy = data?.[0]
  const [draft, setDraft] = useState<Rule[] | null>(null)
  return (
    <>
      <PageHead title={t('op.policy')} about={t('op.policy.about')} />
      <ReadingProblem problem={error} />
      {!policy && !error ? <p className="muted">{t('loading')}</p> : null}
      {policy ? (
        <>
          <ChangesSection policy={policy} />
          <Editor policy={policy} draft={draft} onDraft={setDraft} />
          <RiskTableSection policy={policy} />
          <PastChanges policy={policy} onDraft={setDraft} />
        </>
      ) : null}
      <Section title={t('op.decisions')} about={t('op.decisions.about')} flush>
        <DecisionsTable empty={t('op.decisions.none')} />
      </Section>
    </>
  )
}

interface EditorProps {
  policy: Policy
  draft: Rule[] | null
  onDraft(draft: Rule[] | null): void
}

/** The rules in force, and a draft of others until it is proposed or dropped. */
function Editor({ policy, draft, onDraft: setDraft }: EditorProps): ReactNode {
  const { t } = useTranslation()
  const rules = draft ?? policy.rules
  const isOther = draft !== null && !areSame(draft, policy.rules)
  const number = freshNumber(policy.rules, rules, ...policy.changes.map((each) => each.rules))
  return (
    <Section
      title={t(draft ? 'op.rules.draft' : 'op.rules')}
      about={t(draft ? 'op.rules.draft.about' : 'op.rules.about')}
      action={
        draft ? null : (
          <Button onClick={() => setDraft([...policy.rules])}>{t('op.rules.edit')}</Button>
        )
      }
      flush
    >
      <RuleList rules={rules} {...(draft ? { onChange: setDraft } : {})} />
      {draft ? (
        <div className={css.bar}>
          <Act label={t('op.rules.add')}>
            {(close) => (
              <RuleDialog
                rule={{ number, verb: 'block' }}
                onClose={close}
                onDone={(rule) => setDraft([...draft, rule])}
              />
            )}
          </Act>
          <Act label={t('op.rules.propose')} look="primary" disabled={!isOther}>
            {(close) => (
              <ProposeRules rules={draft} onClose={close} onDone={() => setDraft(null)} />
            )}
          </Act>
          <Button onClick={() => setDraft(null)}>{t('op.rules.drop')}</Button>
        </div>
      ) : null}
    </Section>
  )
}

interface ProposeProps {
  rules: readonly Rule[]
  onClose(): void
  onDone(): void
}

function ProposeRules({ rules, onClose, onDone }: ProposeProps): ReactNode {
  const { t } = useTranslation()
  return (
    <ActDialog<Policy>
      title={t('op.rules.propose')}
      about={t('op.rules.propose.about')}
      path="x/operator/policy/propose"
      fixed={{ rules: JSON.stringify(rules) }}
      deed={t('op.propose')}
      onClose={onClose}
      onDone={(row) => {
        onDone()
        const isInForce = row?.changes[0]?.over
        toast(t(isInForce ? 'op.rules.inForce' : 'op.rules.proposed'), 'good')
      }}
    />
  )
}
