import { lazy, type ReactNode, Suspense } from 'react'
import { rest } from '~/api/rest'
import { useStore } from '~/app/store'
import { askProof, question } from './asking'

const ProofDialog = lazy(async () => ({ default: (await import('./ProofDialog')).ProofDialog }))
const SignInDialog = lazy(async () => ({ default: (await import('./SignInDialog')).SignInDialog }))

// Wherever the exchange wants a proof, the person is asked and the request repeated.
rest.onProofNeeded(askProof)

/** The dialogs that ask who somebody is, over any page; loaded when they are needed. */
export function Asking(): ReactNode {
  const asked = useStore(question)
  if (!asked) return null
  const Asked = asked.kind === 'proof' ? ProofDialog : SignInDialog
  return (
    <Suspense fallback={null}>
      <Asked onAnswer={asked.answer} />
    </Suspense>
  )
}
