import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { type Entered, signedIn } from '~/api/session'
import { useTranslation } from '~/i18n'
import { toast } from '~/ui/toasts'
import { faults, newPasswordFault } from '../form/checks'
import { Form } from '../form/Form'
import { PasswordField } from '../form/PasswordField'
import { useForm } from '../form/useForm'
import { Section } from '../layout/Section'
import css from './Security.module.css'

/** A new password; who asks proves by the old one. */
export function PasswordSection(): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const form = useForm({
    initial: { password: '' },
    codes: { 90008: 'password' },
    check: ({ password }) => faults({ password: newPasswordFault(password) }),
    send: async ({ password }) => {
      const [entered] = await rest.post<Entered>('x/password/change', { password })
      if (entered) await signedIn(client, entered)
      form.reset()
      toast(t('password.changed'), 'good', t('password.changed.about'))
    },
  })
  return (
    <Section title={t('password.title')} about={t('password.about')}>
      <div className={css.narrow}>
        <Form form={form} submit={t('password.change')} look="plain">
          <PasswordField
            {...form.bind('password')}
            label={t('form.newPassword')}
            hint={t('form.password.hint')}
            isNew
          />
        </Form>
      </div>
    </Section>
  )
}
