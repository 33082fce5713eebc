import type { ReactNode } from 'react'
import { Form } from '~/pages/account/form/Form'
import { type Faults, useForm } from '~/pages/account/form/useForm'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { ActInput } from '../layout/ActInput'
import { type ActField, asked } from '../layout/actFields'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import type { Rule } from './rows'
import { ruleOf, type Typed, typedOf } from './rules'

const VERBS = ['allow', 'approve', 'block']
const CATEGORIES = ['book', 'one_time', 'user', 'own_tier', 'sanctioned']
const ANSWERS = ['', 'yes', 'no', 'down']
const WHOLE = ['group', 'needed', 'mostUsd', 'velocityUsd']
const DECIMAL = ['leastAge', 'window', 'mostShare']

interface RuleProps {
  rule: Rule
  onClose(): void
  onDone(rule: Rule): void
}

/** One rule of a draft; nothing is sent yet. */
export function RuleDialog({ rule, onClose, onDone }: RuleProps): ReactNode {
  const { t } = useTranslation()
  const fields = useFields()
  const form = useForm<string>({
    initial: typedOf(rule),
    check: faultsOf,
    send: async (typed) => {
      onDone(ruleOf(typed, rule))
      onClose()
    },
  })
  return (
    <Dialog
      open
      title={t('op.rule.one', { number: rule.number })}
      about={t('op.rule.about')}
      onClose={onClose}
    >
      <Form
        form={form}
        submit={t('op.rule.keep')}
        beside={<Button onClick={onClose}>{t('cancel')}</Button>}
      >
        {asked(fields, form.values).map((field) => (
          <ActInput
            key={field.name}
            field={field}
            value={form.values[field.name] ?? ''}
            onChange={(value) => form.set(field.name, value)}
            bound={form.bind(field.name)}
          />
        ))}
      </Form>
    </Dialog>
  )
}

function faultsOf(typed: Typed): Faults<string> {
  const wrong = [
    ...WHOLE.filter((name) => !/^\d{0,15}$/.test(typed[name]?.trim() ?? '')),
    ...DECIMAL.filter((name) => !/^\d{0,9}(\.\d{1,4})?$/.test(typed[name]?.trim() ?? '')),
    ...(/^[\d,\s]*$/.test(typed.initiators ?? '') ? [] : ['initiators']),
    // A sum over time needs both.
    ...(Boolean(typed.velocityUsd?.trim()) === Boolean(typed.window?.trim()) ? [] : ['window']),
  ]
  return Object.fromEntries(wrong.map((name) => [name, 'op.number.fault' as const]))
}

function useFields(): ActField[] {
  const { t } = useTranslation()
  const word = useWords()
  const approves = ({ verb }: Typed) => verb === 'approve'
  const options = (group: string, words: readonly string[]) =>
    words.map((each) => [each, word(group, each || 'any')] as const)
  return [
    { name: 'verb', label: t('op.rule.verb'), options: options('verb', VERBS) },
    { name: 'needed', label: t('op.threshold'), when: approves },
    { name: 'group', label: t('op.group'), hint: t('op.rule.group.hint'), when: approves },
    {
      name: 'categories',
      label: t('op.rule.categories'),
      kind: 'many',
      options: options('category', CATEGORIES),
    },
    { name: 'mostUsd', label: t('op.rule.field.mostUsd'), after: 'USD' },
    { name: 'leastAge', label: t('op.rule.field.age'), after: t('op.hours') },
    { name: 'velocityUsd', label: t('op.rule.field.velocity'), after: 'USD' },
    { name: 'window', label: t('op.rule.field.window'), after: t('op.hours') },
    { name: 'mostShare', label: t('op.rule.field.share'), after: '%' },
    { name: 'initiators', label: t('op.rule.field.initiators'), hint: t('op.rule.list') },
    { name: 'webhook', label: t('op.rule.field.webhook'), options: options('webhook', ANSWERS) },
  ]
}
