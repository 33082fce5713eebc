import { type ReactNode, useId } from 'react'
import { Copyable } from '~/pages/account/layout/Copyable'
import { Section } from '~/pages/account/layout/Section'
import { Button } from '~/ui/Button'
import { Checkbox } from '~/ui/Checkbox'
import { Field } from '~/ui/Field'
import { Select } from '~/ui/Select'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import { type Ceremony, nameOf, type Step } from './ceremonies'
import { useCourse } from './course'
import { filled, lacking, type Values, type Word, wordsOf } from './filling'
import { CHOICES, choiceName, faultOf } from './words'

/** Leads through one ceremony: what is filled in once stands in every command, and what is done. */
export function Assistant({ ceremony }: { ceremony: Ceremony }): ReactNode {
  const { t } = useTranslation()
  const { values, done, fillIn, tick, startOver } = useCourse(ceremony.id)
  const count = ceremony.steps.filter((step) => done.includes(nameOf(step))).length
  return (
    <Section
      title={t(ceremony.title)}
      about={t(ceremony.about)}
      action={<Button onClick={startOver}>{t('op.ceremony.startOver')}</Button>}
    >
      <div className={css.assistant}>
        <div className={css.words}>
          {wordsOf(ceremony).map((word) => (
            <WordField
              key={word}
              word={word}
              values={values}
              onChange={(text) => fillIn(word, text)}
            />
          ))}
        </div>
        <Progress count={count} all={ceremony.steps.length} />
        <ol className={css.commands}>
          {ceremony.steps.map((step, place) => (
            <OneStep
              key={nameOf(step)}
              step={step}
              number={place + 1}
              values={values}
              isDone={done.includes(nameOf(step))}
              onTick={() => tick(nameOf(step))}
            />
          ))}
        </ol>
      </div>
    </Section>
  )
}

interface WordProps {
  word: Word
  values: Values
  onChange(text: string): void
}

/** Something that stands in commands; what may stand in none is refused where it is typed. */
function WordField({ word, values, onChange }: WordProps): ReactNode {
  const { t } = useTranslation()
  const fault = faultOf(word, values)
  const label = t(`op.ceremony.word.${word}`)
  const choices = CHOICES[word]
  if (choices) {
    const options = choices.map((one) => {
      const name = choiceName(one)
      return [one, name ? t(name) : one] as const
    })
    return (
      <span className={css.tier}>
        <Select
          label={label}
          labelled
          value={values[word] ?? ''}
          options={[['', '–'], ...options]}
          onChange={onChange}
        />
        {fault ? <span className={css.fault}>{t(fault)}</span> : null}
      </span>
    )
  }
  return (
    <Field
      label={label}
      hint={t(`op.ceremony.hint.${word}`)}
      hintStays
      error={fault ? t(fault) : undefined}
      value={values[word] ?? ''}
      spellCheck={false}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
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
  const lacks = lacking(step.command, values).map((word) => t(`op.ceremony.word.${word}`))
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
      {lacks.length > 0 ? (
        <small className="muted">{t('op.ceremony.lacks', { words: lacks.join(', ') })}</small>
      ) : null}
    </li>
  )
}
