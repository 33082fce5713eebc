import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useId } from 'react'
import { rest } from '~/api/rest'
import { type Entered, signedIn, useSession } from '~/api/session'
import { useTranslation } from '~/i18n'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { digits, faults, requiredFault } from '../form/checks'
import { Form } from '../form/Form'
import { PasswordField } from '../form/PasswordField'
import { useForm } from '../form/useForm'
import { PasskeyButton } from '../passkeys/PasskeyButton'

/** Asks once more who somebody is, before something that could do harm. */
export function ProofDialog({ onAnswer }: { onAnswer(done: boolean): void }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const session = useSession()
  const wantsCode = session?.totp ?? false
  const enter = async ([entered]: Entered[]) => {
    if (entered) await signedIn(client, entered)
    onAnswer(true)
  }
  const form = useForm({
    initial: { password: '', code: '' },
    codes: { 90001: 'password', 90005: 'code' },
    check: ({ password, code }) =>
      faults({
        password: requiredFault(password),
        code: wantsCode ? requiredFault(code) : undefined,
      }),
    send: async ({ password, code }) =>
      enter(await rest.post('x/step-up', { password, code: digits(code) })),
  })
  return (
    <Dialog open title={t('proof.title')} about={t('proof.about')} onClose={() => onAnswer(false)}>
      <Form form={form} submit={t('proof.confirm')}>
        <Account email={session?.email ?? ''} />
        <PasswordField {...form.bind('password')} label={t('form.password')} />
        {wantsCode ? (
          <Field
            {...form.bind('code')}
            label={t('entry.code')}
            hint={t('entry.code.hint')}
            autoComplete="one-time-code"
          />
        ) : null}
      </Form>
      {Number(session?.passkeys) > 0 ? (
        <PasskeyButton
          options="x/step-up/passkey-options"
          finish="x/step-up/passkey"
          onEntered={enter}
        />
      ) : null}
    </Dialog>
  )
}

/** For password managers: whose password is asked for. */
function Account({ email }: { email: string }): ReactNode {
  const { t } = useTranslation()
  const id = useId()
  return (
    <span className="unseen">
      <label htmlFor={id}>{t('form.email')}</label>
      <input id={id} type="email" autoComplete="username" value={email} readOnly tabIndex={-1} />
    </span>
  )
}
