import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { useSession, useSessionUnknown } from '~/api/session'
import { type MessageKey, useTranslation } from '~/i18n'
import type { Checked, Step } from '~/reserves/verifier'
import { Button } from '~/ui/Button'
import { check, compared, type Failure, type Outcome } from './checking'
import { coins } from './coins'
import { useBalances, useBundles } from './published'
import css from './ReservesPage.module.css'
import {
  accountKept,
  type Balance,
  balanceOf,
  balancesOf,
  fileOf,
  keep,
  keepBalance,
  type Receipt,
  receiptOf,
  receiptsOf,
} from './receipts'

const STEPS: Record<Step, MessageKey> = {
  signature: 'reserves.step.signature',
  log: 'reserves.step.log',
  totals: 'reserves.step.totals',
  leaf: 'reserves.step.leaf',
  history: 'reserves.step.history',
  receipts: 'reserves.step.receipts',
  evidence: 'reserves.step.evidence',
}

/** What this browser was given: each new proof is kept, and compared with those before. */
interface Given {
  newest: string
  receipts: Receipt[]
  /** Balances that the exchange signed between statements. */
  balances: Balance[]
  /** What contradicts what, in a sentence; empty where nothing does. */
  conflict: string
}

const NOTHING: Given = { newest: '', receipts: [], balances: [], conflict: '' }

function useGiven(uid: string): Given {
  const [given, setGiven] = useState(NOTHING)
  const take = useCallback(
    async (text: string) => {
      const before = await receiptsOf(uid)
      const conflict = await compared(text, before, await balancesOf(uid))
      await keep(receiptOf(uid, text), Date.now())
      const receipts = await receiptsOf(uid)
      // A contradiction stays: both sides are kept, whatever comes after.
      setGiven((was) => ({ ...was, newest: text, receipts, conflict: was.conflict || conflict }))
    },
    [uid],
  )
  const onReceipt = useCallback(
    (text: string) => {
      void keepBalance(balanceOf(uid, text))
        .then(() => balancesOf(uid))
        .then((balances) => setGiven((was) => ({ ...was, balances })))
        .catch(() => undefined)
    },
    [uid],
  )
  useEffect(() => {
    setGiven(NOTHING)
    if (uid) void receiptsOf(uid).then((receipts) => setGiven((was) => ({ ...was, receipts })))
  }, [uid])
  // One after the other: a slow machine must not compare two at once.
  const last = useRef(Promise.resolve())
  const onBundle = useCallback(
    (text: string) => {
      last.current = last.current.then(() => take(text)).catch(() => undefined)
    },
    [take],
  )
  useBundles(uid, onBundle)
  useBalances(uid, onReceipt)
  return given
}

/** Whose proofs this browser keeps, where the exchange does not say who is signed in. */
function useKeptAccount(isWanted: boolean): string {
  const [uid, setUid] = useState('')
  useEffect(() => {
    setUid('')
    if (isWanted) void accountKept().then(setUid)
  }, [isWanted])
  return uid
}

/** Checks the signed-in user's own proof in this browser and says each step in words. */
export function CheckFunds({ epoch }: { epoch: number }): ReactNode {
  const { t } = useTranslation()
  const session = useSession()
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [isBusy, setBusy] = useState(false)
  const isUnknown = useSessionUnknown()
  const keptUid = useKeptAccount(isUnknown)
  const uid = session?.uid ?? keptUid
  const { newest, receipts, balances, conflict } = useGiven(uid)
  const run = useCallback(async () => {
    setBusy(true)
    setOutcome(await check(uid, newest, receipts, balances))
    setBusy(false)
  }, [uid, newest, receipts, balances])
  const isEarly = outcome?.failure?.kind === 'early'
  // What a pushed proof showed before is said once, where the check says it.
  const refusal = outcome?.failure?.kind === 'refused' ? outcome.failure.why : null
  // Who wanted to check before a statement held the account is answered by the one that does.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each statement is looked at once
  useEffect(() => {
    if (isEarly) void run()
  }, [epoch, newest])
  if (!uid) return <p className={css.quiet}>{t('reserves.signIn')}</p>
  return (
    <>
      <p>{session ? t('reserves.checkAbout') : t('reserves.keptAbout', { uid })}</p>
      <div className={css.actions}>
        <Button look="primary" onClick={run} disabled={isBusy}>
          {t('reserves.check')}
        </Button>
        {outcome?.proof ? (
          <Save text={outcome.proof} name="proof-of-reserves.json" title={t('reserves.save')} />
        ) : null}
        {receipts.length ? (
          <Save
            text={fileOf([...receipts, ...balances])}
            name="receipts-of-reserves.json"
            title={t('reserves.saveReceipts')}
          />
        ) : null}
      </div>
      {receipts.length ? (
        <p className={css.quiet}>{t('reserves.kept', { count: receipts.length })}</p>
      ) : null}
      {conflict && conflict !== refusal ? (
        <p className={css.failed} role="alert">
          {t('reserves.failed', { why: conflict })}
        </p>
      ) : null}
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
      {checked ? <Which {...checked.statement} /> : null}
      {failure ? <Failed failure={failure} /> : <p className={css.holds}>{t('reserves.holds')}</p>}
      {checked?.leaf && !failure ? <Own checked={checked} claims={checked.leaf.claims} /> : null}
    </>
  )
}

/** Of which time the checked statement is: an old one says what was true then. */
function Which({ epoch, ts, expires }: Checked['statement']): ReactNode {
  const { t, language } = useTranslation()
  const isOld = Date.now() > expires
  const when = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })
  return (
    <p className={isOld ? css.failed : undefined}>
      {t('reserves.checkedOf', { epoch, when: when.format(ts) })}
      {isOld ? ` ${t('reserves.checkedOld')}` : null}
    </p>
  )
}

function Failed({ failure }: { failure: Failure }): ReactNode {
  const { t } = useTranslation()
  if (failure.kind === 'early') return <p className={css.quiet}>{t('reserves.early')}</p>
  const texts = {
    offline: t('reserves.noProof'),
    account: t('reserves.otherAccount'),
    evidence: t('reserves.noEvidence'),
  }
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
    return units ? [`${coins(units, decimals)} ${symbol}`] : []
  })
  return <p>{t('reserves.own', { held: held.join(', ') || '0' })}</p>
}

function Save({ text, name, title }: { text: string; name: string; title: string }): ReactNode {
  const save = () => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
    link.download = name
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return <Button onClick={save}>{title}</Button>
}
