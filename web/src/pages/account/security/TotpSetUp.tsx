import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { digits, faults, requiredFault } from '../form/checks'
import { Form } from '../form/Form'
import { useForm } from '../form/useForm'
import { Copyable } from '../layout/Copyable'
import { QrCode } from './QrCode'
import css from './Security.module.css'

/** A secret that waits for the first code. */
export interface Begun {
  ticket: string
  secret: string
  uri: string
}

export interface TotpSetUpProps {
  begun: Begun
  onClose(): void
  onCodes(codes: string[]): Promise<void>
}

/** The secret as a QR code and as text; a code shows that the authenticator has it. */
export function TotpSetUp({ begun, onClose, onCodes }: TotpSetUpProps): ReactNode {
  const { t } = useTranslation()
  const form = useForm({
    initial: { code: '' },
    codes: { 90005: 'code' },
    check: ({ code }) => faults({ code: requiredFault(code) }),
    send: async ({ code }) => {
      const sent = { ticket: begun.ticket, code: digits(code) }
      const [row] = await rest.post<{ recoveryCodes: string[] }>('x/totp/confirm', sent)
      await onCodes(row?.recoveryCodes ?? [])
    },
  })
  return (
    <Dialog open title={t('totp.setUp')} about={t('totp.scan')} onClose={onClose}>
      <div className={css.setUp}>
        <QrCode text={begun.uri} label={t('totp.qr')} />
        <Copyable label={t('totp.secret')} text={begun.secret} />
        <Form form={form} submit={t('totp.turnOn')}>
          <Field
            {...form.bind('code')}
            label={t('entry.code')}
            hint={t('entry.code.hint')}
            inputMode="numeric"
            autoComplete="one-time-code"
          />
        </Form>
      </div>
    </Dialog>
  )
}
