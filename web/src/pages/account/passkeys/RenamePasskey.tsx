import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { faults, requiredFault } from '../form/checks'
import { Form } from '../form/Form'
import { useForm } from '../form/useForm'
import { NAME_MAX } from './NewPasskey'

interface Props {
  id: string
  name: string
  onClose(): void
  onRenamed(): Promise<void>
}

/** Another name for a passkey, for its owner alone. */
export function RenamePasskey({ id, name, onClose, onRenamed }: Props): ReactNode {
  const { t } = useTranslation()
  const form = useForm({
    initial: { name },
    check: (values) => faults({ name: requiredFault(values.name) }),
    send: async (values) => {
      await rest.post('x/passkeys/rename', { id, name: values.name })
      await onRenamed()
    },
  })
  return (
    <Dialog open title={t('passkeys.rename')} onClose={onClose}>
      <Form form={form} submit={t('account.save')}>
        <Field
          {...form.bind('name')}
          label={t('passkeys.name')}
          hint={t('passkeys.name.hint')}
          maxLength={NAME_MAX}
        />
      </Form>
    </Dialog>
  )
}
