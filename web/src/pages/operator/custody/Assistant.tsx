import { type ReactNode, useId } from 'react'
import { Copyable } from '~/pages/account/layout/Copyable'
import { Section } from '~/pages/account/layout/Section'
import { Button } from '~/ui/Button'
import { Checkbox } from '~/ui/Checkbox'
import { Field } from '~/ui/Field'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import type { Ceremony, Step } from './ceremonies'
import { useCourse } from './course'
import { filled, type Values, wordsOf } from './filling'

/** Leads through one ceremony: what is filled in once stands in every command, and what is done. */
export function Assistant({ ceremony }: { ceremony: Ceremony }): ReactNode {
  const { t } = useTranslation()
  const { values, done, fillIn, tick, startOver } = useCourse(ceremony.id)
  const count = ceremony.steps.filter((_, place) => done.includes(place)).length
  return (
    <Section
      title={t(ceremony.title)}
      about={t(ceremony.about)}
      action={<Button onClick={startOver}>{t('op.ceremony.startOver')}</Button>}
    >
      <div className={css.assistant}>
        <div className={css.words}>
          {wordsOf(ceremony).map((word) => (
            <Field
              key={word}
              label={t(`op.ceremony.word.${word}`)}
              hint={t(`op.ceremony.hint.${word}`)}
              value={values[word] ?? ''}
              spellCheck={false}
              onChange={(event) => fillIn(word, event.currentTarget.value)}
            />
          ))}
        </div>
        <Progress count={count} all={ceremony.steps.length} />
        <ol className={css.commands}>
          {ceremony.steps.map((step, place) => (
            <OneStep
              key={step.command}
              step={step}
              number={place + 1}
              values={values}
              isDone={done.includes(place)}
              onTick={() => tick(place)}
            />
          ))}
        </ol>
      </div>
    </Section>
  )
}

function Progress({ count, all }: { count: number; all: number }): ReactNode {
  const { t } = useTranslation()
  const id = useId()
  return (
    <p className={css.progress} role="status">
      <progress aria-labelledby={id} value={count} max={all} />
      <span id={id}>{t('op.ceremony.progress', { count, all })}</span>
    </p>
  )
}

interface StepProps {
  step: Step
  number: number
  values: Values
  isDone: boolean
  onTick(): void
}

function OneStep({ step, number, values, isDone, onTick }: StepProps): ReactNode {
  const { t } = useTranslation()
  const lines = filled(step.command, values)
  return (
    <li className={css.command} data-done={isDone || undefined}>
      <Checkbox
        label={t('op.ceremony.step', { number })}
        hint={t(step.about)}
        checked={isDone}
        onChange={onTick}
      />
      {lines.map((line, place) => (
        <Copyable
          key={line}
          label={
            lines.length > 1
              ? t('op.ceremony.line', { number, place: place + 1 })
              : t('op.ceremony.command', { number })
          }
          text={line}
        />
      ))}
    </li>
  )
}
