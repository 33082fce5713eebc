import { type ReactNode, useState } from 'react'
import { Button } from '~/ui/Button'
import { Field } from '~/ui/Field'
import { Select } from '~/ui/Select'
import css from '../layout/Cells.module.css'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import { type AuditFilter, NO_FILTER } from './entries'

const RESULTS = ['', 'done', 'denied', 'unknown']

interface FiltersProps {
  filter: AuditFilter
  onChange(filter: AuditFilter): void
}

/** Who, on whom, what, how it ended, and when. */
export function AuditFilters({ filter, onChange }: FiltersProps): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const [typed, setTyped] = useState(filter)
  const bind = (name: keyof AuditFilter) => ({
    value: typed[name],
    onChange: (event: { target: { value: string } }) =>
      setTyped({ ...typed, [name]: event.target.value }),
  })
  const whole = (text: string) =>
    text.trim() && !/^\d{1,18}$/.test(text.trim()) ? t('op.number.fault') : undefined
  const isRight = !whole(typed.actor) && !whole(typed.subject)
  return (
    <search>
      <form
        className={css.filters}
        onSubmit={(event) => {
          event.preventDefault()
          if (isRight) onChange(typed)
        }}
      >
        <Field label={t('op.audit.actor')} {...bind('actor')} error={whole(typed.actor)} />
        <Field label={t('op.audit.subject')} {...bind('subject')} error={whole(typed.subject)} />
        <Field label={t('op.audit.action')} {...bind('action')} spellCheck={false} />
        <Select
          label={t('op.audit.result')}
          labelled
          value={typed.result}
          options={RESULTS.map((each) => [each, word('result', each || 'all')] as const)}
          onChange={(result) => setTyped({ ...typed, result })}
        />
        <Field label={t('op.audit.from')} type="date" {...bind('from')} />
        <Field label={t('op.audit.to')} type="date" {...bind('to')} />
        <Button type="submit" look="primary">
          {t('op.show')}
        </Button>
        <Button
          onClick={() => {
            setTyped(NO_FILTER)
            onChange(NO_FILTER)
          }}
        >
          {t('op.audit.all')}
        </Button>
      </form>
    </search>
  )
}
