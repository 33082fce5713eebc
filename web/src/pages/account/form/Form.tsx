import type { ReactNode } from 'react'
import { Button, type ButtonLook } from '~/ui/Button'
import css from './Form.module.css'
import { Problem } from './Problem'
import type { FormState } from './useForm'

export interface FormProps<N extends string> {
  form: FormState<N>
  submit: ReactNode
  look?: ButtonLook
  /** Stands beside the button. */
  beside?: ReactNode
  large?: boolean
  children: ReactNode
}

/** Fields, what went wrong, and the button that sends them. */
export function Form<N extends string>(props: FormProps<N>): ReactNode {
  const { form, submit, look = 'primary', beside, large, children } = props
  return (
    <form
      ref={form.element}
      noValidate
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        void form.submit()
      }}
    >
      {children}
      <Problem problem={form.problem} />
      <div className={large ? css.large : css.buttons}>
        <Button
          type="submit"
          look={look}
          size={large ? 'large' : 'normal'}
          wide={large ?? false}
          busy={form.busy}
        >
          {submit}
        </Button>
        {beside}
      </div>
    </form>
  )
}
