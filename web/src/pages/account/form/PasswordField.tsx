import { type ReactNode, useState } from 'react'
import { useTranslation } from '~/i18n'
import { IconButton } from '~/ui/Button'
import { Field, type FieldProps } from '~/ui/Field'
import { EyeIcon } from '~/ui/icons'

export interface PasswordFieldProps extends FieldProps {
  /** A new one: browsers may offer to make it. */
  isNew?: boolean
}

/** A password, hidden until its owner wants to see it. */
export function PasswordField({ isNew, ...field }: PasswordFieldProps): ReactNode {
  const { t } = useTranslation()
  const [isShown, setShown] = useState(false)
  return (
    <Field
      {...field}
      type={isShown ? 'text' : 'password'}
      autoComplete={isNew ? 'new-password' : 'current-password'}
      autoCapitalize="none"
      spellCheck={false}
      maxLength={256}
      after={
        <IconButton
          label={t(isShown ? 'form.hide' : 'form.show')}
          aria-pressed={isShown}
          size="small"
          onClick={() => setShown(!isShown)}
        >
          <EyeIcon crossed={isShown} />
        </IconButton>
      }
    />
  )
}
