import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { Field } from '~/ui/Field'
import { digits, faults, messageCodeFault } from '../form/checks'
import { Form } from '../form/Form'
import { Problem } from '../form/Problem'
import { useAction, useForm } from '../form/useForm'

export interface CodeStepProps {
  /** As a link brought it. */
  code: string
  onCode(code: string): Promise<void>
  onAgain?(): Promise<void>
  onBack?(): void
}

/** The code that went to an address. */
export function CodeStep({ code, onCode, onAgain, onBack }: CodeStepProps): ReactNode {
  const { t } = useTranslation()
  const again = useAction(async () => onAgain?.())
  const form = useForm({
    initial: { code },
    codes: { 90005: 'code' },
    check: (typed) => faults({ code: messageCodeFault(typed.code) }),
    send: (typed) => onCode(digits(typed.code)),
  })
  return (
    <Form
      form={form}
      submit={t('entry.confirm')}
      large
      beside={
        <>
          <Problem problem={again.problem} />
          {onAgain ? (
            <Button look="ghost" busy={again.busy} onClick={() => void again.run()}>
              {t('entry.sendAgain')}
            </Button>
          ) : null}
          {onBack ? (
            <Button look="ghost" onClick={onBack}>
              {t('entry.otherEmail')}
            </Button>
          ) : null}
        </>
      }
    >
      <Field
        {...form.bind('code')}
        label={t('form.code')}
        hint={t('form.code.hint')}
        inputMode="numeric"
        autoComplete="one-time-code"
        autoFocus
      />
    </Form>
  )
}
