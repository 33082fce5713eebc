import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useWords } from '../layout/words'
import type { Policy, Rule } from '../policy/rows'
import { useConditions } from '../policy/useConditions'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import { isCapped, lettingOut, namesNone, SOURCES, type Source } from './caps'

interface Row {
  /** One, or every one where the policy makes no difference. */
  tiers: Source[]
  rules: Rule[]
}

/** What the policy lets out of each tier, and how much of it. */
export function CapsSection(): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReading<Policy, 'x/operator/policy'>('x/operator/policy', {})
  const rules = data?.[0]?.rules
  return (
    <Section
      title={t('op.caps')}
      about={t('op.caps.about')}
      action={<Link to="/operator/policy">{t('op.policy')}</Link>}
      flush
    >
      <ReadingProblem problem={error} />
      <Table
        label={t('op.caps')}
        columns={useColumns()}
        rows={rules ? rowsOf(rules) : []}
        keyOf={({ tiers }) => tiers.join()}
        empty={t('loading')}
        cards
      />
    </Section>
  )
}

function rowsOf(rules: readonly Rule[]): Row[] {
  const all = Object.keys(SOURCES) as Source[]
  if (namesNone(rules)) return [{ tiers: all, rules: lettingOut(rules, 'hot') }]
  return all.map((tier) => ({ tiers: [tier], rules: lettingOut(rules, tier) }))
}

function useColumns(): Column<Row>[] {
  const { t } = useTranslation()
  const word = useWords()
  const conditions = useConditions()
  const text = ({ sources: _, ...rule }: Rule) =>
    [word('verb', rule.verb), conditions(rule), isCapped(rule) ? '' : t('op.caps.unbounded')]
      .filter(Boolean)
      .join(' · ')
  return [
    {
      id: 'tier',
      title: t('op.caps.tier'),
      cell: ({ tiers }) => <b>{tiers.map((tier) => word('tierName', tier)).join(', ')}</b>,
    },
    {
      id: 'bounds',
      title: t('op.caps.bounds'),
      cell: ({ rules }) =>
        rules.length > 0 ? (
          <span className={css.lines}>
            {rules.map((rule) => (
              <span key={rule.number}>{text(rule)}</span>
            ))}
          </span>
        ) : (
          t('op.caps.none')
        ),
    },
  ]
}
