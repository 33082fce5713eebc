import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import type { Entered } from '~/api/session'
import { useTranslation } from '~/i18n'
import { Field } from '~/ui/Field'
import { emailFault, faults, requiredFault } from '../form/checks'
import { Form } from '../form/Form'
import { PasswordField } from '../form/PasswordField'
import { useForm } from '../form/useForm'
import { hasPasskeys } from '../passkeys/browser'
import { PasskeyButton } from '../passkeys/PasskeyButton'
import css from './EntryCard.module.css'
import { type Pending, SecondStep } from './SecondStep'
import { useEntering } from './useEntering'

type Answer = Entered & Pending & { next: '' | 'second-factor' }

export interface SignInFormProps {
  email?: string
  onEntered(): void
}

/** Both steps of signing in: password or passkey, then a code where an authenticator is set up. */
export function SignInForm({ email = '', onEntered }: SignInFormProps): ReactNode {
  const { t } = useTranslation()
  const { enter } = useEntering()
  const [pending, setPending] = useState<Pending | null>(null)
  const entered = async (rows: Entered[]) => {
    await enter(rows)
    onEntered()
  }
  const form = useForm({
    initial: { email, password: '' },
    check: (typed) =>
      faults({ email: emailFault(typed.email), password: requiredFault(typed.password) }),
    send: async (typed) => {
      const rows = await rest.post<Answer>('x/sign-in', { ...typed, email: typed.email.trim() })
      const [answer] = rows
      if (answer?.next === 'second-factor') setPending(answer)
      else await entered(rows)
    },
  })
  if (pending) {
    return <SecondStep pending={pending} onEntered={entered} onBack={() => setPending(null)} />
  }
  return (
    <>
      <Form form={form} submit={t('signIn')} large>
        <Field
          {...form.bind('email')}
          label={t('form.email')}
          type="email"
          inputMode="email"
          autoComplete="username"
          autoFocus={!email}
        />
        <PasswordField
          {...form.bind('password')}
          label={t('form.password')}
          autoFocus={Boolean(email)}
        />
      </Form>
      {hasPasskeys() ? <div className={css.or}>{t('entry.or')}</div> : null}
      <PasskeyButton
        options="x/sign-in/passkey-options"
        finish="x/sign-in/passkey"
        onEntered={entered}
      />
      <Link to="/reset" className={css.link}>
        {t('entry.forgotten')}
      </Link>
    </>
  )
}
