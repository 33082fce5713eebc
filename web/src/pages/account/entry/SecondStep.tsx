import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import type { Entered } from '~/api/session'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { Field } from '~/ui/Field'
import { digits, faults, requiredFault } from '../form/checks'
import { Form } from '../form/Form'
import { useForm } from '../form/useForm'
import { PasskeyButton } from '../passkeys/PasskeyButton'

/** A sign-in that wants a second step. */
export interface Pending {
  ticket: string
  ways: string[]
}

export interface SecondStepProps {
  pending: Pending
  onEntered(rows: Entered[]): Promise<void>
  onBack(): void
}

/** An authenticator's code or a recovery code, or a passkey. */
export function SecondStep({ pending, onEntered, onBack }: SecondStepProps): ReactNode {
  const { t } = useTranslation()
  const [isRecovery, setRecovery] = useState(false)
  const form = useForm({
    initial: { code: '' },
    codes: { 90005: 'code' },
    check: ({ code }) => faults({ code: requiredFault(code) }),
    send: async ({ code }) => {
      const sent = { ticket: pending.ticket, code: digits(code) }
      await onEntered(await rest.post<Entered>('x/sign-in/code', sent))
    },
  })
  return (
    <>
      <Form
        form={form}
        submit={t('entry.continue')}
        large
        beside={
          <>
            <Button look="ghost" onClick={() => setRecovery(!isRecovery)}>
              {t(isRecovery ? 'entry.useApp' : 'entry.useRecovery')}
            </Button>
            <Button look="ghost" onClick={onBack}>
              {t('entry.back')}
            </Button>
          </>
        }
      >
        <Field
          {...form.bind('code')}
          key={String(isRecovery)}
          label={t(isRecovery ? 'entry.recovery' : 'entry.code')}
          hint={t(isRecovery ? 'entry.recovery.hint' : 'entry.code.hint')}
          inputMode={isRecovery ? 'text' : 'numeric'}
          autoComplete={isRecovery ? 'off' : 'one-time-code'}
          autoFocus
        />
      </Form>
      {pending.ways.includes('passkey') ? (
        <PasskeyButton
          options="x/sign-in/passkey-options"
          finish="x/sign-in/passkey"
          onEntered={onEntered}
        />
      ) : null}
    </>
  )
}
