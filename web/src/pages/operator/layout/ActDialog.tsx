import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type PostName, rest } from '~/api/rest'
import { Form } from '~/pages/account/form/Form'
import { type Faults, useForm } from '~/pages/account/form/useForm'
import { Button, type ButtonLook } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { useTranslation } from '../texts'
import { ActInput } from './ActInput'
import { type ActField, asked, initialOf, sentOf } from './actFields'
import { noteFault } from './note'
import { OPERATOR } from './reading'

export type { ActField } from './actFields'

export interface ActProps<T> {
  title: string
  about?: ReactNode
  path: PostName
  /** What is sent beside the fields. */
  fixed?: Record<string, unknown>
  fields?: readonly ActField[]
  /** What of the typed is sent; what is empty is left out in any case. */
  sent?(typed: Record<string, string>): Record<string, string>
  /** What the button says: the deed itself. */
  deed: string
  look?: ButtonLook
  /** With room for a table. */
  wide?: boolean
  /** What would come of what is typed, under the fields; moments in ms as they are sent. */
  preview?: ((typed: Record<string, string>) => ReactNode) | undefined
  /** What one should know before the deed, above the fields. */
  children?: ReactNode
  onClose(): void
  onDone(row: T | undefined): void
}

/** A dialog for an act with its reason; refusals stand in it and nothing typed is lost. */
export function ActDialog<T>(props: ActProps<T>): ReactNode {
  const { title, about, path, fixed, fields = [], sent, deed, look, wide, onClose, onDone } = props
  const { t } = useTranslation()
  const client = useQueryClient()
  const form = useForm<string>({
    initial: { ...initialOf(fields), note: '' },
    check: (typed) => faultsOf(asked(fields, typed), typed),
    send: async ({ note = '', ...typed }) => {
      const chosen = sentOf(asked(fields, typed), typed)
      const body = { ...fixed, ...filled(sent ? sent(chosen) : chosen), note: note.trim() }
      const [row] = await rest.post<T>(path, body as never)
      onDone(row)
      onClose()
      void client.invalidateQueries({ queryKey: [OPERATOR] })
      void client.invalidateQueries({ queryKey: ['past'] })
    },
  })
  return (
    <Dialog open title={title} about={about} wide={wide} onClose={onClose}>
      {props.children}
      <Form
        form={form}
        submit={deed}
        look={look ?? 'primary'}
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
        {props.preview?.(sentOf(asked(fields, form.values), form.values))}
        <Field {...form.bind('note')} label={t('op.note')} hint={t('op.note.hint')} />
      </Form>
    </Dialog>
  )
}

function faultsOf(fields: readonly ActField[], typed: Record<string, string>): Faults<string> {
  const found: Faults<string> = {}
  for (const { name, isOptional, fault } of fields) {
    const text = typed[name]?.trim() ?? ''
    const wrong = text ? fault?.(text) : isOptional ? undefined : 'form.required'
    if (wrong) found[name] = wrong
  }
  const note = noteFault(typed.note ?? '')
  return note ? { ...found, note } : found
}

function filled(typed: Record<string, string>): Record<string, string> {
  const trimmed = Object.entries(typed).map(([name, text]) => [name, text.trim()] as const)
  return Object.fromEntries(trimmed.filter(([, text]) => text))
}
