import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { useSession } from '~/api/session'
import { useRefusalText } from '~/app/refusals'
import { useLink, useServices } from '~/app/services'
import { useStore } from '~/app/store'
import { wantedSide } from '~/app/trading'
import { useTranslation } from '~/i18n'
import { trimmed } from '~/market/numbers'
import { askSignIn } from '~/pages/account/proof/asking'
import { useStanding } from '~/pages/account/standing'
import { stoppingOrders, useStopped } from '~/pages/status/suspensions'
import { mayRest, type OrderType } from '~/trading/orders'
import { type Placement, Placing } from '~/trading/placing'
import { Button } from '~/ui/Button'
import { Select } from '~/ui/Select'
import { toast } from '~/ui/toasts'
import { useDesk } from '../desk'
import { check, type Draft, frozenBy, stoppedBy, UNPRICED } from './draft'
import { useFacts } from './facts'
import { PriceField, SizeField, TotalField } from './fields'
import css from './OrderForm.module.css'
import { ShareSlider } from './ShareSlider'
import { Summary } from './Summary'

const TYPES: readonly OrderType[] = [
  'limit',
  'market',
  'post_only',
  'ioc',
  'fok',
  'optimal_limit_ioc',
]

/** Places orders on the pair; what the exchange refuses is said under the button. */
export function OrderForm(): ReactNode {
  const { t } = useTranslation()
  const desk = useDesk()
  const draft = useStore(desk.draft)
  const facts = useFacts(draft.side)
  const checked = check(draft, facts)
  const session = useSession()
  const stopped = useStoppedWords(draft)
  const [refused, setRefused] = useState('')
  const { isBusy, place } = usePlacing(setRefused)
  const edit = (change: Partial<Draft>) => {
    setRefused('')
    desk.draft.set({ ...desk.draft.get(), ...change })
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setRefused('')
    if (session === null) {
      await askSignIn()
      return
    }
    if (stopped) return
    if (checked.placement && (await place(checked.placement))) edit({ sz: '' })
    else if (!checked.placement && !checked.px && !checked.sz) setRefused(t('form.missing'))
  }
  const fields = { draft, facts, checked, edit }
  const form = useWantedSide((side) => edit({ side }))
  return (
    <form
      ref={form}
      className={css.form}
      onSubmit={(event) => void submit(event)}
      aria-label={t('form.title')}
    >
      <Sides draft={draft} edit={edit} />
      <Select
        label={t('form.type')}
        value={draft.ordType}
        options={TYPES.map((type) => [type, t(`type.${type}`)] as const)}
        onChange={(ordType) => edit({ ordType })}
      />
      <p className={css.about}>{t(`about.${draft.ordType}`)}</p>
      <PriceField {...fields} />
      <SizeField {...fields} />
      <ShareSlider {...fields} />
      {UNPRICED.has(draft.ordType) ? null : <TotalField {...fields} />}
      <Summary draft={draft} facts={facts} checked={checked} />
      {stopped ? (
        <p className={css.refused} role="status">
          {stopped}
        </p>
      ) : null}
      <Submit side={draft.side} isBusy={isBusy} isStopped={stopped !== ''} />
      <p className={css.refused} role="alert">
        {refused}
      </p>
    </form>
  )
}

/** Why no order of this type is taken, the account's own first; '' where they are. */
function useStoppedWords({ ordType }: Draft): string {
  const { t, language } = useTranslation()
  const { instrument } = useDesk()
  const standing = useStanding()
  const stop = stoppingOrders(useStopped()?.suspensions ?? [], instrument)
  const key = frozenBy(standing) ?? stoppedBy(instrument.state, ordType)
  return key ? t(key) : (stop?.title[language] ?? '')
}

/** Takes the side that the keyboard asked for, and the focus to the first field. */
function useWantedSide(take: (side: 'buy' | 'sell') => void) {
  const form = useRef<HTMLFormElement>(null)
  const side = useStore(wantedSide)
  const taking = useRef(take)
  taking.current = take
  useEffect(() => {
    if (!side) return
    wantedSide.set(null)
    taking.current(side)
    form.current?.querySelector<HTMLInputElement>('input[inputmode="decimal"]')?.focus()
  }, [side])
  return form
}

interface SidesProps {
  draft: Draft
  edit(change: Partial<Draft>): void
}

function Sides({ draft, edit }: SidesProps): ReactNode {
  const { t } = useTranslation()
  return (
    <fieldset className={css.sides}>
      <legend className="unseen">{t('form.side')}</legend>
      {(['buy', 'sell'] as const).map((side) => (
        <label key={side} className={css.side} data-side={side}>
          <input
            type="radio"
            name="side"
            checked={draft.side === side}
            onChange={() => edit({ side })}
          />
          {t(side)}
        </label>
      ))}
    </fieldset>
  )
}

interface SubmitProps {
  side: 'buy' | 'sell'
  isBusy: boolean
  isStopped: boolean
}

function Submit({ side, isBusy, isStopped }: SubmitProps): ReactNode {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const session = useSession()
  const isOut = session === null
  return (
    <Button
      type="submit"
      look={isOut ? 'primary' : side}
      size="large"
      wide
      busy={isBusy}
      disabled={isStopped && !isOut}
    >
      {isOut ? t('form.signIn') : `${t(side)} ${instrument.baseCcy}`}
    </Button>
  )
}

/** Places, says what became of it, and is busy meanwhile. */
function usePlacing(setRefused: (text: string) => void) {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const refusal = useRefusalText()
  const { streams } = useServices()
  const isLive = useLink(streams.account).kind === 'live'
  const placing = useRef(new Placing())
  const [isBusy, setBusy] = useState(false)
  const place = async (placement: Placement): Promise<boolean> => {
    setBusy(true)
    try {
      const row = await placing.current.place(placement)
      if (!row) return false
      // What became of it is pushed, and said there: "placed" would be wrong beside a cancellation.
      if (isLive && !mayRest(placement.ordType)) return true
      const currency = placement.inQuote ? instrument.quoteCcy : instrument.baseCcy
      const at = placement.px ? ` @ ${trimmed(placement.px)}` : ''
      const about = `${trimmed(placement.sz)} ${currency}${at}`
      toast(t(placement.side === 'buy' ? 'form.bought' : 'form.sold', { about }), 'plain')
      return true
    } catch (problem) {
      setRefused(refusal(problem))
      return false
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, place }
}
