import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { Refusal } from '~/api/refusal'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { parsed } from '~/market/numbers'
import { faults } from '~/pages/account/form/checks'
import { Form } from '~/pages/account/form/Form'
import { type Once, useOnce } from '~/pages/account/form/once'
import { useForm } from '~/pages/account/form/useForm'
import { useAmounts } from '~/pages/account/layout/amounts'
import { useFunding } from '~/pages/portfolio/funding'
import { Button } from '~/ui/Button'
import { Checkbox } from '~/ui/Checkbox'
import { Field } from '~/ui/Field'
import { Select } from '~/ui/Select'
import { toast } from '~/ui/toasts'
import { type Booked, brief, isLocked } from '../addresses/book'
import { Lock } from '../addresses/Lock'
import { LookAlikeWarning } from '../addresses/LookAlikeWarning'
import type { Line } from '../currencies'
import css from '../layout/Funds.module.css'
import { amountFault, mostOf } from './amount'
import { Costs } from './Costs'
import { Review, type Wanted } from './Review'

interface Props {
  line: Line
  /** Entries of the address book on this network. */
  addresses: Booked[]
  all: Booked[]
}

/** To whom and how much; what it costs; then all of it once more before it is sent. */
export function WithdrawForm({ line, addresses, all }: Props): ReactNode {
  const { t } = useTranslation()
  const amounts = useAmounts()
  const available = useFunding()?.(line.ccy)
  const [wanted, setWanted] = useState<Wanted | null>(null)
  // Not the review's own: what got no answer there is not done again by opening it anew.
  const once = useOnce()
  const [split, setSplit] = useState(false)
  const first = addresses.find((each) => !isLocked(each)) ?? addresses[0]
  const form = useForm({
    initial: { addrId: first?.addrId ?? '', amt: '' },
    check: ({ amt }) => {
      const isWrong = amountFault(amt, line, available) !== null
      return faults({ amt: isWrong ? 'withdraw.amount.fault' : undefined })
    },
    send: async ({ amt }) => {
      if (!chosen) return
      if (isLocked(chosen)) throw new Refusal('addressLocked', 'not usable yet', 400)
      setWanted({ line, address: chosen, amt: parsed(amt)?.toFixed() ?? '', split })
    },
  })
  const chosen = addresses.find(({ addrId }) => addrId === form.values.addrId) ?? first
  const field = form.bind('amt')
  const wrong = form.values.amt === '' ? null : amountFault(form.values.amt, line, available)
  const error = wrong ? t(wrong.key, wrong.values as never) : field.error
  const others = all.map(({ addr }) => addr)
  return (
    <div className={css.form}>
      <Form form={form} submit={t('withdraw.continue')}>
        <div className={css.wide}>
          <Select
            labelled
            label={t('withdraw.to')}
            value={chosen?.addrId ?? ''}
            options={addresses.map(
              (each) => [each.addrId, <Name key="name" row={each} />] as const,
            )}
            onChange={(addrId) => form.set('addrId', addrId)}
          />
        </div>
        {chosen ? <Chosen address={chosen} known={others} /> : null}
        <Field
          {...field}
          {...(error ? { error } : {})}
          label={t('withdraw.amount', { ccy: line.ccy })}
          inputMode="decimal"
          hint={t('transfer.held', { amount: amounts(available ?? ''), currency: line.ccy })}
          after={
            <Button
              size="small"
              look="ghost"
              disabled={available === undefined}
              onClick={() => form.set('amt', mostOf(line, available ?? '0'))}
            >
              {t('subs.max')}
            </Button>
          }
        />
        <Checkbox
          label={t('withdraw.split')}
          hint={t('withdraw.split.hint')}
          checked={split}
          onChange={(event) => setSplit(event.target.checked)}
        />
        <Costs line={line} amt={wrong ? null : parsed(form.values.amt)} />
      </Form>
      {wanted ? (
        <Send
          wanted={wanted}
          once={once}
          onClose={() => setWanted(null)}
          onSent={() => form.set('amt', '')}
        />
      ) : null}
    </div>
  )
}

function Name({ row }: { row: Booked }): ReactNode {
  return (
    <span className={css.booked}>
      <span>{row.label}</span>
      <span> · {brief(row.addr)}</span>
    </span>
  )
}

function Chosen({ address, known }: { address: Booked; known: string[] }): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <p>
        <code className={css.code}>{address.addr}</code>
      </p>
      {isLocked(address) ? <Lock row={address} /> : null}
      <LookAlikeWarning address={address.addr} known={known} />
      <Link to="/addresses" className={css.link}>
        {t('addresses.title')}
      </Link>
    </>
  )
}

interface SendProps {
  wanted: Wanted
  once: Once
  onClose(): void
  onSent(): void
}

function Send({ wanted, once, onClose, onSent }: SendProps): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const amounts = useAmounts()
  const { line, address, amt, split } = wanted
  const send = async () => {
    const { ccy, chain, fee } = line
    const way = { dest: '4' as const, toAddr: address.addr, xAllowSplit: split }
    const order = { ccy, chain, amt, ...way }
    // The same withdrawal also where its fee has moved meanwhile.
    await once(order, (clientId) => rest.post('asset/withdrawal', { ...order, fee, clientId }))
    toast(t('withdraw.sent', { amount: amounts(amt), ccy }), 'good')
    onSent()
    for (const queryKey of [['funds'], ['funding'], ['lines']]) {
      void client.invalidateQueries({ queryKey })
    }
  }
  return <Review wanted={wanted} onClose={onClose} onConfirm={send} />
}
