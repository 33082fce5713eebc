import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'
import { useStore } from '~/app/store'
import { useTranslation } from '~/i18n'
import { parsed, plain, trimmed } from '~/market/numbers'
import { Problem } from '~/pages/account/form/Problem'
import { useBalances } from '~/trading/use'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { Field } from '~/ui/Field'
import { Select } from '~/ui/Select'
import { toast } from '~/ui/toasts'
import { fundingQuery } from './funding'
import css from './TransferDialog.module.css'
import { outwards, settled, type TransferWish, transferStore, type Way } from './transfer'

const FUNDING = '6'
const TRADING = '18'

/** Moves money between the funding and the trading account. */
export function TransferDialog(): ReactNode {
  const { t } = useTranslation()
  const wish = useStore(transferStore)
  const close = () => transferStore.set(null)
  return (
    <Dialog title={t('transfer.title')} open={wish !== null} onClose={close}>
      {wish === null ? null : <Transfer wish={wish} close={close} />}
    </Dialog>
  )
}

function Transfer({ wish, close }: { wish: TransferWish; close(): void }): ReactNode {
  const { t } = useTranslation()
  const [ccy, setCcy] = useState(wish.ccy)
  const [chosen, setChosen] = useState(wish.toFunding)
  const [way, setWay] = useState<Way | null>(null)
  const [amount, setAmount] = useState('')
  const { inFunding, inTrading, currencies } = useHeld(ccy)
  const now = settled(way, ccy, outwards(inFunding, inTrading), amount !== '')
  if (now !== way) setWay(now)
  const isOut = chosen ?? now?.isOut ?? false
  const held = isOut ? inTrading : inFunding
  const { isBusy, problem, send } = useSend(close)
  const value = parsed(amount)
  const error = amountError()
  const names = [t('transfer.funding'), t('transfer.trading')]
  const [from, to] = isOut ? names.toReversed() : names
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (value?.gt(0) && !error) void send({ ccy, amt: plain(value), isOut })
  }
  return (
    <form className={css.form} onSubmit={submit}>
      <div className={css.ways}>
        <div>
          <span className={css.label}>{t('transfer.from')}</span>
          <b>{from}</b>
        </div>
        <Button aria-label={t('transfer.turn')} onClick={() => setChosen(!isOut)}>
          ⇄
        </Button>
        <div>
          <span className={css.label}>{t('transfer.to')}</span>
          <b>{to}</b>
        </div>
      </div>
      <Select
        labelled
        label={t('currency')}
        value={ccy}
        options={currencies.map((each) => [each, each] as const)}
        onChange={setCcy}
      />
      <Field
        label={t('form.size')}
        inputMode="decimal"
        value={amount}
        onChange={(event) => setAmount(event.target.value)}
        error={error}
        hint={t('transfer.held', { amount: trimmed(held ?? '0'), currency: ccy })}
        after={
          <Button size="small" look="ghost" disabled={!held} onClick={() => setAmount(held ?? '')}>
            {t('transfer.all')}
          </Button>
        }
      />
      <Problem problem={problem} />
      <Button type="submit" look="primary" size="large" wide busy={isBusy}>
        {t('transfer.title')}
      </Button>
    </form>
  )

  function amountError(): string | null {
    if (amount.trim() === '') return null
    if (!value) return t('form.noNumber')
    if (value.lte(0)) return t('form.positive')
    const values = { available: trimmed(held ?? '0'), currency: ccy }
    return held !== null && value.gt(held) ? t('form.insufficient', values) : null
  }
}

/** What can be moved of a currency, null while it is unknown, and the currencies that there are. */
function useHeld(ccy: string) {
  const session = useSession()
  const balances = useBalances()
  const funding = useQuery({ ...fundingQuery(session?.uid ?? ''), enabled: Boolean(session) }).data
  const inFunding = funding ? (funding.find((row) => row.ccy === ccy)?.availBal ?? '0') : null
  const inTrading = balances ? (balances.get(ccy)?.availBal ?? '0') : null
  const names = [...(balances?.keys() ?? []), ...(funding ?? []).map((row) => row.ccy), ccy]
  return { inFunding, inTrading, currencies: [...new Set(names)].sort() }
}

interface Sent {
  ccy: string
  amt: string
  isOut: boolean
}

function useSend(close: () => void) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  // One id for each opening of the dialog: a repeat after a lost answer moves nothing twice.
  const [clientId] = useState(() => `t${crypto.getRandomValues(new Uint32Array(3)).join('')}`)
  const send = async ({ ccy, amt, isOut }: Sent) => {
    setBusy(true)
    setProblem(null)
    const [from, to] = isOut ? [TRADING, FUNDING] : [FUNDING, TRADING]
    try {
      const params = { ccy, amt, from, to, clientId: clientId.slice(0, 32) }
      await rest.post('asset/transfer', params as never)
      toast(t('transfer.done', { amount: trimmed(amt), currency: ccy }), 'good')
      void client.invalidateQueries({ queryKey: ['funding'] })
      void client.invalidateQueries({ queryKey: ['past'] })
      close()
    } catch (refused) {
      setProblem(refused)
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, problem, send }
}
