import { type ReactNode, useId, useState } from 'react'
import type { Bound } from '~/pages/account/form/useForm'
import { Checkbox } from '~/ui/Checkbox'
import { Field } from '~/ui/Field'
import { Select } from '~/ui/Select'
import { useTranslation } from '../texts'
import css from './ActDialog.module.css'
import { type ActField, toggled } from './actFields'

interface InputProps {
  field: ActField
  value: string
  onChange(value: string): void
  bound: Bound
}

/** One field of an act's dialog. */
export function ActInput(props: InputProps): ReactNode {
  const { field, value, onChange, bound } = props
  const { label, hint, options, after, kind, control } = field
  if (control) return control({ value, onChange, error: bound.error })
  if (kind === 'many') return <Many {...props} />
  if (kind === 'digest') return <Digest {...props} />
  if (kind === 'lines') return <Lines {...props} />
  if (!options) {
    const type = kind === 'moment' ? 'datetime-local' : undefined
    return (
      <Field
        {...bound}
        type={type}
        label={label}
        hint={hint}
        hintStays
        after={after}
        spellCheck={false}
      />
    )
  }
  return (
    <span className={css.choice}>
      <Select label={label} labelled value={value} options={options} onChange={onChange} />
      {hint ? <span className={css.hint}>{hint}</span> : null}
    </span>
  )
}

/** Any number of a few, each with a box. */
function Many({ field, value, onChange, bound }: InputProps): ReactNode {
  const fault = useId()
  const all = (field.options ?? []).map(([word]) => word)
  const chosen = value.split(',')
  return (
    <fieldset className={css.many} aria-describedby={bound.error ? fault : undefined}>
      <legend className={css.legend}>{field.label}</legend>
      <div className={css.boxes}>
        {(field.options ?? []).map(([word, text]) => (
          <Checkbox
            key={word}
            label={text}
            checked={chosen.includes(word)}
            onChange={() => onChange(toggled(value, word, all))}
          />
        ))}
      </div>
      {bound.error ? (
        <span id={fault} className={css.fault} role="alert">
          {bound.error}
        </span>
      ) : null}
    </fieldset>
  )
}

/** The SHA-256 of a document: worked out from a file that stays here, or pasted. */
function Digest({ field, onChange, bound }: InputProps): ReactNode {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const file = useId()
  const take = async (chosen: File | undefined) => {
    if (!chosen) return
    const hash = await crypto.subtle.digest('SHA-256', await chosen.arrayBuffer())
    setName(chosen.name)
    onChange([...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
  }
  return (
    <div className={css.choice}>
      <Field {...bound} label={field.label} hint={field.hint} hintStays spellCheck={false} />
      {globalThis.crypto?.subtle ? (
        <span className={css.file}>
          <label htmlFor={file}>{t('op.digest.file')}</label>
          <input
            id={file}
            type="file"
            onChange={(event) => void take(event.target.files?.[0])}
            title={name}
          />
        </span>
      ) : null}
    </div>
  )
}

/** A text of several lines. */
function Lines({ field, value, onChange, bound }: InputProps): ReactNode {
  const id = useId()
  return (
    <div className={css.choice}>
      <label htmlFor={id} className={css.hint}>
        {field.label}
      </label>
      <textarea
        id={id}
        name={field.name}
        className={css.lines}
        value={value}
        rows={14}
        spellCheck={false}
        aria-invalid={Boolean(bound.error)}
        onChange={(event) => onChange(event.target.value)}
      />
      {bound.error ? <span className={css.fault}>{bound.error}</span> : null}
      <span className={css.hint}>{field.hint}</span>
    </div>
  )
}
