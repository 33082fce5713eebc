import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { type MessageKey, useTranslation } from '~/i18n'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { toast } from '~/ui/toasts'
import { faults, LABEL_MAX } from '../form/checks'
import { Form } from '../form/Form'
import { useForm } from '../form/useForm'
import { SUBS } from './rows'

const NAME = /^[A-Za-z0-9]{6,20}$/

/** A name and a note for a new sub-account. */
export function NewSubAccount({ onClose }: { onClose(): void }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const form = useForm({
    initial: { subAcct: '', label: '' },
    codes: { 59601: 'subAcct' },
    check: ({ subAcct }) => {
      const fault: MessageKey | undefined = NAME.test(subAcct) ? undefined : 'subs.name.fault'
      return faults({ subAcct: fault })
    },
    send: async (typed) => {
      await rest.post('users/subaccount/create-subaccount', typed)
      await client.invalidateQueries({ queryKey: SUBS })
      toast(t('subs.created', { name: typed.subAcct }), 'good')
      onClose()
    },
  })
  return (
    <Dialog open title={t('subs.create')} onClose={onClose}>
      <Form form={form} submit={t('subs.create')}>
        <Field
          {...form.bind('subAcct')}
          label={t('subs.name')}
          hint={t('subs.name.fault')}
          maxLength={20}
          autoCapitalize="none"
          spellCheck={false}
        />
        <Field
          {...form.bind('label')}
          label={t('subs.label')}
          hint={t('subs.label.hint')}
          maxLength={LABEL_MAX}
        />
      </Form>
    </Dialog>
  )
}
