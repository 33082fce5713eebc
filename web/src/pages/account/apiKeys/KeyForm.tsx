import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Checkbox } from '~/ui/Checkbox'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { faults, LABEL_MAX, labelFault, passphraseFault } from '../form/checks'
import { Form } from '../form/Form'
import { PasswordField } from '../form/PasswordField'
import { type FormState, useForm } from '../form/useForm'
import css from './ApiKeys.module.css'
import { addressList, type Permission, permissionsOf, withPermission } from './permissions'

export interface KeyValues {
  label: string
  perm: string
  ip: string
  passphrase: string
}

export interface KeyFormProps {
  title: string
  submit: string
  /** The key that is changed; a new one has a passphrase. */
  before?: { label: string; perm: string; ip: string }
  mayWithdraw?: boolean
  onClose(): void
  onSend(values: KeyValues): Promise<void>
}

/** What a key is called, what it may do, whence it may come. */
export function KeyForm(props: KeyFormProps): ReactNode {
  const { title, submit, before, mayWithdraw, onClose, onSend } = props
  const { t } = useTranslation()
  const form = useForm<keyof KeyValues>({
    initial: { perm: 'read_only', label: '', ip: '', ...before, passphrase: '' },
    codes: { 59503: 'ip', 59505: 'passphrase' },
    check: ({ label, passphrase }) =>
      faults({
        label: labelFault(label),
        passphrase: before ? undefined : passphraseFault(passphrase),
      }),
    send: (typed) => onSend({ ...typed, label: typed.label.trim(), ip: addressList(typed.ip) }),
  })
  const isFree = !addressList(form.values.ip)
  const canAct = permissionsOf(form.values.perm).length > 1
  return (
    <Dialog open title={title} onClose={onClose}>
      <Form form={form} submit={submit}>
        <Field
          {...form.bind('label')}
          label={t('apiKeys.label')}
          hint={t('apiKeys.label.hint')}
          maxLength={LABEL_MAX}
        />
        <Permissions form={form} mayWithdraw={mayWithdraw ?? false} />
        <Field
          {...form.bind('ip')}
          label={t('apiKeys.ip')}
          hint={t('apiKeys.ip.hint')}
          placeholder="192.0.2.1, 198.51.100.0/24"
          spellCheck={false}
        />
        {isFree && canAct ? <p className={css.warning}>{t('apiKeys.free')}</p> : null}
        {before ? null : (
          <PasswordField
            {...form.bind('passphrase')}
            label={t('apiKeys.passphrase')}
            hint={t('apiKeys.passphrase.hint')}
            isNew
          />
        )}
      </Form>
    </Dialog>
  )
}

function Permissions(props: { form: FormState<keyof KeyValues>; mayWithdraw: boolean }): ReactNode {
  const { form, mayWithdraw } = props
  const { t } = useTranslation()
  const given = permissionsOf(form.values.perm)
  const bind = (which: Permission) => ({
    checked: given.includes(which),
    onChange: (event: { target: HTMLInputElement }) =>
      form.set('perm', withPermission(form.values.perm, which, event.target.checked)),
  })
  return (
    <fieldset className={css.permissions}>
      <legend>{t('apiKeys.perm')}</legend>
      <Checkbox
        label={t('apiKeys.perm.read')}
        hint={t('apiKeys.perm.read.hint')}
        checked
        disabled
      />
      <Checkbox
        label={t('apiKeys.perm.trade')}
        hint={t('apiKeys.perm.trade.hint')}
        {...bind('trade')}
      />
      {mayWithdraw ? (
        <Checkbox
          label={t('apiKeys.perm.withdraw')}
          hint={t('apiKeys.perm.withdraw.hint')}
          {...bind('withdraw')}
        />
      ) : null}
    </fieldset>
  )
}
