import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { sessionQuery } from '~/api/session'
import { useTranslation } from '~/i18n'
import { Field } from '~/ui/Field'
import { toast } from '~/ui/toasts'
import { digits, emailFault, faults, messageCodeFault, newPasswordFault } from '../form/checks'
import { Form } from '../form/Form'
import { PasswordField } from '../form/PasswordField'
import { useForm } from '../form/useForm'
import { EntryCard } from './EntryCard'
import { type TicketLink, useTicketLink } from './ticketLink'

/** A forgotten password: ask for a code, then set a new one with it. */
export function ResetPage(): ReactNode {
  const { t } = useTranslation()
  const link = useTicketLink()
  const [ticket, setTicket] = useState('')
  const [sentTo, setSentTo] = useState('')
  if (ticket || link.ticket) {
    const given = ticket ? { ticket, code: '' } : link
    return (
      <EntryCard
        title={t('entry.newPasswordTitle')}
        about={ticket ? t('entry.resetSent', { email: sentTo }) : undefined}
        foot={<Link to="/sign-in">{t('entry.toSignIn')}</Link>}
      >
        <NewPassword key={given.ticket} given={given} />
      </EntryCard>
    )
  }
  return (
    <EntryCard
      title={t('entry.resetTitle')}
      about={t('entry.resetAbout')}
      foot={<Link to="/sign-in">{t('entry.toSignIn')}</Link>}
    >
      <Forgotten
        onSent={(row, email) => {
          setSentTo(email)
          setTicket(row)
        }}
      />
    </EntryCard>
  )
}

function Forgotten({ onSent }: { onSent(ticket: string, email: string): void }): ReactNode {
  const { t } = useTranslation()
  const form = useForm({
    initial: { email: '' },
    check: ({ email }) => faults({ email: emailFault(email) }),
    send: async ({ email }) => {
      const address = email.trim()
      const [row] = await rest.post<{ ticket: string }>('x/password/forgotten', { email: address })
      if (row) onSent(row.ticket, address)
    },
  })
  return (
    <Form form={form} submit={t('entry.sendCode')} large>
      <Field
        {...form.bind('email')}
        label={t('form.email')}
        type="email"
        inputMode="email"
        autoComplete="username"
        autoFocus
      />
    </Form>
  )
}

function NewPassword({ given }: { given: TicketLink }): ReactNode {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const client = useQueryClient()
  const form = useForm({
    initial: { code: given.code, password: '' },
    codes: { 90005: 'code', 90008: 'password' },
    check: ({ code, password }) =>
      faults({ code: messageCodeFault(code), password: newPasswordFault(password) }),
    send: async ({ code, password }) => {
      const wanted = { ticket: given.ticket, code: digits(code), password }
      await rest.post('x/password/reset', wanted)
      // All sessions have ended, this browser's too.
      client.setQueryData(sessionQuery.queryKey, null)
      toast(t('entry.resetDone'), 'good')
      await navigate({ to: '/sign-in' })
    },
  })
  return (
    <Form form={form} submit={t('entry.setPassword')} large>
      <Field
        {...form.bind('code')}
        label={t('form.code')}
        hint={t('form.code.hint')}
        inputMode="numeric"
        autoComplete="one-time-code"
      />
      <PasswordField
        {...form.bind('password')}
        label={t('form.newPassword')}
        hint={t('form.password.hint')}
        isNew
      />
    </Form>
  )
}
