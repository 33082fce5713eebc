import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { type Entered, useSession } from '~/api/session'
import { useServices } from '~/app/services'
import { useTranslation } from '~/i18n'
import { Field } from '~/ui/Field'
import { toast } from '~/ui/toasts'
import { emailFault, faults, newPasswordFault } from '../form/checks'
import { Form } from '../form/Form'
import { PasswordField } from '../form/PasswordField'
import { useForm } from '../form/useForm'
import { AlreadyIn } from './AlreadyIn'
import { CodeStep } from './CodeStep'
import { EntryCard } from './EntryCard'
import { useTicketLink } from './ticketLink'
import { useEntering } from './useEntering'

interface Asked {
  ticket: string
  email: string
}

export function SignUpPage(): ReactNode {
  const { t } = useTranslation()
  const { config } = useServices()
  const session = useSession()
  const { enter, goOn } = useEntering()
  const link = useTicketLink()
  const [asked, setAsked] = useState<Asked | null>(null)
  const form = useForm({
    initial: { email: '', password: '' },
    codes: { 90008: 'password' },
    check: ({ email, password }) =>
      faults({ email: emailFault(email), password: newPasswordFault(password) }),
    send: async ({ email, password }) => {
      const wanted = { email: email.trim(), password }
      const [row] = await rest.post<{ ticket: string }>('x/sign-up', wanted)
      if (row) setAsked({ ticket: row.ticket, email: wanted.email })
    },
  })
  const confirm = async (ticket: string, code: string) => {
    await enter(await rest.post<Entered>('x/sign-up/confirm', { ticket, code }))
    toast(
      t('entry.welcome'),
      'good',
      config.demo ? t('entry.welcome.demo') : t('entry.welcome.real'),
    )
    goOn(true)
  }
  if (asked || link.ticket) {
    return (
      <EntryCard
        title={t('entry.codeTitle')}
        about={asked ? t('entry.codeSent', { email: asked.email }) : t('entry.codeLink')}
      >
        <CodeStep
          key={asked?.ticket ?? link.ticket}
          code={asked ? '' : link.code}
          onCode={(code) => confirm(asked?.ticket ?? link.ticket, code)}
          {...(asked ? { onAgain: form.submit, onBack: () => setAsked(null) } : {})}
        />
      </EntryCard>
    )
  }
  if (session) return <AlreadyIn email={session.email} />
  const foot = (
    <>
      <span>{t('entry.haveAccount')}</span>
      <Link to="/sign-in">{t('signIn')}</Link>
    </>
  )
  return (
    <EntryCard title={t('entry.signUpTitle')} about={t('entry.signUpAbout')} foot={foot}>
      <Form form={form} submit={t('entry.signUp')} large>
        <Field
          {...form.bind('email')}
          label={t('form.email')}
          type="email"
          inputMode="email"
          autoComplete="username"
          autoFocus
        />
        <PasswordField
          {...form.bind('password')}
          label={t('form.password')}
          hint={t('form.password.hint')}
          isNew
        />
      </Form>
    </EntryCard>
  )
}
