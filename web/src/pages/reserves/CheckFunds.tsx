import { type ReactNode, useState } from 'react'
import { useSession } from '~/api/session'
import { type MessageKey, useTranslation } from '~/i18n'
import { type Checked, checkFiles, decimal, Refused, type Step } from '~/reserves/verifier'
import { Button } from '~/ui/Button'
import { evidencePath, PROOF, type Statement, textOf } from './published'
import css from './ReservesPage.module.css'

const STEPS: Record<Step, MessageKey> = {
  signature: 'reserves.step.signature',
  log: 'reserves.step.log',
  totals: 'reserves.step.totals',
  leaf: 'reserves.step.leaf',
  evidence: 'reserves.step.evidence',
}

interface Outcome {
  steps: Step[]
  checked?: Checked
  proof?: string
  failure?: string
}

/** Where the newest proof is kept in this browser, for when the exchange does not answer. */
const keptName = (uid: string) => `reserves.proof.${uid}`

async function proofOf(uid: string): Promise<string> {
  try {
    const text = await textOf(PROOF)
    localStorage.setItem(keptName(uid), text)
    return text
  } catch (problem) {
    const kept = localStorage.getItem(keptName(uid))
    if (kept) return kept
    throw problem
  }
}

async function check(uid: string): Promise<Outcome> {
  const steps: Step[] = []
  const outcome: Outcome = { steps }
  try {
    outcome.proof = await proofOf(uid)
    const [row] = (JSON.parse(outcome.proof) as { data: { statement: Statement }[] }).data
    const files = [outcome.proof]
    if (row?.statement.reserves.evidence) files.push(await textOf(evidencePath(row.statement)))
    const [checked] = await checkFiles(files, '', (step) => steps.push(step))
    if (checked) outcome.checked = checked
    if (checked?.leaf?.account !== uid) outcome.failure = 'account'
  } catch (problem) {
    outcome.failure = problem instanceof Refused ? problem.message : 'offline'
  }
  return outcome
}

/** Checks the signed-in user's own proof in this browser and says each step in words. */
export function CheckFunds(): ReactNode {
  const { t } = useTranslation()
  const session = useSession()
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [isBusy, setBusy] = useState(false)
  if (!session) return <p className={css.quiet}>{t('reserves.signIn')}</p>
  const run = async () => {
    setBusy(true)
    setOutcome(await check(session.uid))
    setBusy(false)
  }
  return (
    <>
      <p>{t('reserves.checkAbout')}</p>
      <div className={css.actions}>
        <Button look="primary" onClick={run} disabled={isBusy}>
          {t('reserves.check')}
        </Button>
        {outcome?.proof ? <Save text={outcome.proof} /> : null}
      </div>
      <div role="status">{outcome ? <Said outcome={outcome} /> : null}</div>
    </>
  )
}

function Said({ outcome }: { outcome: Outcome }): ReactNode {
  const { t } = useTranslation()
  const { steps, checked, failure } = outcome
  return (
    <>
      <ol className={css.steps}>
        {steps.map((step) => (
          <li key={step}>{t(STEPS[step])}</li>
        ))}
      </ol>
      {failure ? (
        <p className={css.failed}>
          {failure === 'offline' ? t('reserves.noProof') : t('reserves.failed', { why: failure })}
        </p>
      ) : (
        <p className={css.holds}>{t('reserves.holds')}</p>
      )}
      {checked?.leaf && !failure ? <Own checked={checked} claims={checked.leaf.claims} /> : null}
    </>
  )
}

function Own({ checked, claims }: { checked: Checked; claims: bigint[] }): ReactNode {
  const { t } = useTranslation()
  const held = checked.assets.flatMap(({ symbol, decimals }, place) => {
    const units = claims[place] ?? 0n
    return units ? [`${decimal(units, decimals)} ${symbol}`] : []
  })
  return <p>{t('reserves.own', { held: held.join(', ') || '0' })}</p>
}

function Save({ text }: { text: string }): ReactNode {
  const { t } = useTranslation()
  const save = () => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
    link.download = 'proof-of-reserves.json'
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return <Button onClick={save}>{t('reserves.save')}</Button>
}
