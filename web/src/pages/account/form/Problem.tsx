import type { ReactNode } from 'react'
import { Refusal } from '~/api/refusal'
import { useSession } from '~/api/session'
import { useRefusalText } from '~/app/refusals'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { askSignIn } from '../proof/asking'
import css from './Form.module.css'

/** What was refused, as a sentence where it happened; where the session ended, the way back. */
export function Problem({ problem }: { problem: unknown }): ReactNode {
  const { t } = useTranslation()
  const refusal = useRefusalText()
  const session = useSession()
  if (!problem) return null
  const isOut = problem instanceof Refusal && problem.needsSignIn && session === null
  return (
    <div role="alert" className={css.problem}>
      <span>{refusal(problem)}</span>
      {isOut ? (
        <Button size="small" onClick={() => void askSignIn()}>
          {t('signIn')}
        </Button>
      ) : null}
    </div>
  )
}
