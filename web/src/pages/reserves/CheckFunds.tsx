import { type ReactNode, useCallback, useEffect, useState } from 'react'
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

type Failure = { kind: 'early' | 'offline' | 'account' } | { kind: 'refused'; why: string }

interface Outcome {
  steps: Step[]
  checked?: Checked
  proof?: string
  failure?: Failure
}

/** No statement holds the account yet. */
class Early extends Error {}

/** Where the newest proof is kept in this browser, for when the exchange does not answer. */
const keptName = (uid: string) => `reserves.proof.${uid}`

/** The newest proof, byte for byte; Early for an account that is younger than each statement. */
async function proofOf(uid: string): Promise<string> {
  const kept = localStorage.getItem(keptName(uid))
  let text: string
  try {
    text = await textOf(PROOF)
  } catch (problem) {
    if (kept) return kept
    throw problem
  }
  // A refusal is an answer too, and no proof.
  if ((JSON.parse(text) as { code: string }).code !== '0') {
    if (kept) return kept
    throw new Early()
  }
  localStorage.setItem(keptName(uid), text)
  return text
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
    if (checked?.leaf?.account !== uid) outcome.failure = { kind: 'account' }
  } catch (problem) {
    if (problem instanceof Refused) outcome.failure = { kind: 'refused', why: problem.message }
    else outcome.failure = { kind: problem instanceof Early ? 'early' : 'offline' }
  }
  return outcome
}

/** Checks the signed-in user's own proof in this browser and says each step in words. */
export function CheckFunds({ epoch }: { epoch: number }): ReactNode {
  const { t } = useTranslation()
  const session = useSession()
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [isBusy, setBusy] = useState(false)
  const uid = session?.uid ?? ''
  const run = useCallback(async () => {
    setBusy(true)
    setOutcome(await check(uid))
    setBusy(false)
  }, [uid])
  const isEarly = outcome?.failure?.kind === 'early'
  // Who wanted to check before a statement held the account is answered by the one that does.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each statement is looked at once
  useEffect(() => {
    if (isEarly) void run()
  }, [epoch])
  if (!session) return <p className={css.quiet}>{t('reserves.signIn')}</p>
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
      {failure ? <Failed failure={failure} /> : <p className={css.holds}>{t('reserves.holds')}</p>}
      {checked?.leaf && !failure ? <Own checked={checked} claims={checked.leaf.claims} /> : null}
    </>
  )
}

function Failed({ failure }: { failure: Failure }): ReactNode {
  const { t } = useTranslation()
  if (failure.kind === 'early') return <p className={css.quiet}>{t('reserves.early')}</p>
  const texts = { offline: t('reserves.noProof'), account: t('reserves.otherAccount') }
  return (
    <p className={css.failed}>
      {failure.kind === 'refused'
        ? t('reserves.failed', { why: failure.why })
        : texts[failure.kind]}
    </p>
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
