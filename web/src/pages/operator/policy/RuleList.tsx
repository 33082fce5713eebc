import type { ReactNode } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { Button } from '~/ui/Button'
import { Act } from '../layout/Act'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import css from './Policy.module.css'
import { RuleDialog } from './RuleDialog'
import type { Rule, Verb } from './rows'
import { type Marks, marksOf, moved } from './rules'
import { useConditions } from './useConditions'

const LOOKS: Record<Verb, 'good' | 'bad' | 'plain'> = {
  allow: 'good',
  approve: 'plain',
  block: 'bad',
}

interface ListProps {
  rules: readonly Rule[]
  /** Rules in force, where what differs from them is marked. */
  before?: readonly Rule[]
  /** A draft; without it they are only read. */
  onChange?(rules: Rule[]): void
}

/** Rules in the order in which they are looked at, and the default behind them. */
export function RuleList({ rules, before, onChange }: ListProps): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const conditions = useConditions()
  const marks = before && marksOf(before, rules)
  return (
    <ol className={css.rules} aria-label={t('op.rules')}>
      {marks?.isReordered ? (
        <li className={css.rule}>
          <span className={css.whole}>{t('op.rules.reordered')}</span>
        </li>
      ) : null}
      {rules.map((rule, place) => (
        <li key={rule.number} className={css.rule}>
          <span className={css.number}>{rule.number}</span>
          <span>
            <Badge look={LOOKS[rule.verb]}>{word('verb', rule.verb)}</Badge>
          </span>
          <span className={css.conditions}>
            {conditions(rule)}
            {marks ? <Mark marks={marks} rule={rule} /> : null}
          </span>
          {onChange ? <Acts rules={rules} place={place} onChange={onChange} /> : null}
        </li>
      ))}
      {marks?.gone.map((rule) => (
        <li key={rule.number} className={css.rule}>
          <span className={css.number}>{rule.number}</span>
          <span>
            <Badge look="plain">{word('verb', rule.verb)}</Badge>
          </span>
          <span className={css.conditions}>
            <del>{conditions(rule)}</del>
            <b className={css.mark}>{t('op.rules.gone')}</b>
          </span>
        </li>
      ))}
      <li className={css.rule}>
        <span className={css.number}>–</span>
        <span>
          <Badge look="bad">{word('verb', 'block')}</Badge>
        </span>
        <span className={css.conditions}>{t('op.rules.default')}</span>
      </li>
    </ol>
  )
}

/** What is new of a rule, and what it was. */
function Mark({ marks, rule }: { marks: Marks; rule: Rule }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const conditions = useConditions()
  const was = marks.changed.get(rule.number)
  if (marks.fresh.has(rule.number)) return <b className={css.mark}>{t('op.rules.fresh')}</b>
  if (!was) return null
  return (
    <span className={css.mark}>
      <b>{t('op.rules.changed')}</b>{' '}
      <del>
        {word('verb', was.verb)}: {conditions(was)}
      </del>
    </span>
  )
}

interface ActsProps {
  rules: readonly Rule[]
  place: number
  onChange(rules: Rule[]): void
}

function Acts({ rules, place, onChange }: ActsProps): ReactNode {
  const { t } = useTranslation()
  const rule = rules[place]
  if (!rule) return null
  const about = t('op.rule.one', { number: rule.number })
  return (
    <span className={css.acts}>
      <Button
        size="small"
        aria-label={`${t('op.rules.up')}: ${about}`}
        disabled={place === 0}
        onClick={() => onChange(moved(rules, place, -1))}
      >
        ↑
      </Button>
      <Button
        size="small"
        aria-label={`${t('op.rules.down')}: ${about}`}
        disabled={place === rules.length - 1}
        onClick={() => onChange(moved(rules, place, 1))}
      >
        ↓
      </Button>
      <Act label={t('account.edit')} about={about} size="small">
        {(close) => (
          <RuleDialog
            rule={rule}
            onClose={close}
            onDone={(fresh) =>
              onChange(rules.map((each) => (each.number === rule.number ? fresh : each)))
            }
          />
        )}
      </Act>
      <Button
        size="small"
        aria-label={`${t('account.remove')}: ${about}`}
        onClick={() => onChange(rules.filter((each) => each.number !== rule.number))}
      >
        {t('account.remove')}
      </Button>
    </span>
  )
}
