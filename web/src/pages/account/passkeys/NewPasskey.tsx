import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { Form } from '../form/Form'
import { useForm } from '../form/useForm'
import { agentName } from '../sessions/agent'
import { createPasskey } from './browser'

interface Challenge {
  ticket: string
  publicKey: PublicKeyCredentialCreationOptionsJSON
}

export const NAME_MAX = 64

/** A name, then the browser's own dialog. */
export function NewPasskey(props: { onClose(): void; onMade(): Promise<void> }): ReactNode {
  const { t } = useTranslation()
  const form = useForm({
    initial: { name: agentName(navigator.userAgent) },
    send: async ({ name }) => {
      const [challenge] = await rest.post<Challenge>('x/passkeys/begin', {})
      if (!challenge) return
      const credential = await createPasskey(challenge.publicKey)
      await rest.post('x/passkeys/finish', { ticket: challenge.ticket, credential, name })
      await props.onMade()
    },
  })
  return (
    <Dialog open title={t('passkeys.add')} about={t('passkeys.add.about')} onClose={props.onClose}>
      <Form form={form} submit={t('entry.continue')}>
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
