import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { useSession } from '~/api/session'
import { useTranslation } from '~/i18n'
import { parsed } from '~/market/numbers'
import { faults } from '~/pages/account/form/checks'
import { Form } from '~/pages/account/form/Form'
import { type Once, useOnce } from '~/pages/account/form/once'
import { useForm } from '~/pages/account/form/useForm'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Confirm } from '~/pages/account/layout/Confirm'
import { useFunding } from '~/pages/portfolio/funding'
import { useTransfer } from '~/pages/portfolio/transfer'
import { Button } from '~/ui/Button'
import { Field } from '~/ui/Field'
import { Select } from '~/ui/Select'
import { toast } from '~/ui/toasts'
import { useSteps, useStoppedWithin } from '../currencies'
import css from '../layout/Funds.module.css'
import { internalFault, uidFault } from './amount'
import { type Asked, turned } from './way'

interface Wanted {
  ccy: string
  uid: string
  amt: string
}

/** To another user of the exchange: to whom, what and how much, then all of it once more. */
export function UserForm(): ReactNode {
  const { t } = useTranslation()
  const steps = useSteps()
  const free = useFunding()
  if (!steps || !free) return <p className="muted">{t('loading')}</p>
  const held = [...steps.keys()].filter((ccy) => Number(free(ccy)) > 0)
  return held.length > 0 ? <Filled held={held} steps={steps} free={free} /> : <Nothing />
}

function Nothing(): ReactNode {
  const { t } = useTranslation()
  const openTransfer = useTransfer()
  return (
    <p>
      {t('withdraw.user.nothing')}{' '}
      <Button size="small" onClick={() => openTransfer('USDT', true)}>
        {t('transfer.title')}
      </Button>
    </p>
  )
}

interface FilledProps {
  /** Currencies of which there is something. */
  held: string[]
  steps: ReadonlyMap<string, string>
  free(ccy: string): string
}

function Filled({ held, steps, free }: FilledProps): ReactNode {
  const { t } = useTranslation()
  const amounts = useAmounts()
  const own = useSession()?.uid ?? ''
  const [wanted, setWanted] = useState<Wanted | null>(null)
  // Not the review's own: what got no answer there is not done again by opening it anew.
  const once = useOnce()
  const stopped = useStoppedWithin()
  const asked = useSearch({ strict: false }) as Asked
  const navigate = useNavigate()
  const ccy = held.find((each) => each === asked.ccy) ?? held[0] ?? ''
  const choose = (next: string) => {
    const search = turned('user', { ccy: next })
    void navigate({ to: '.', search: search as never, replace: true })
  }
  const available = free(ccy)
  const known = { ccy, step: steps.get(ccy) ?? '1', available }
  const form = useForm({
    initial: { uid: '', amt: '' },
    check: ({ uid, amt }) => {
      const isWrong = internalFault(amt, known) !== null
      return faults({
        uid: uidFault(uid.trim(), own),
        amt: isWrong ? 'withdraw.amount.fault' : undefined,
      })
    },
    send: async ({ uid, amt }) => {
      setWanted({ ccy, uid: uid.trim(), amt: parsed(amt)?.toFixed() ?? '' })
    },
  })
  const field = form.bind('amt')
  const wrong = form.values.amt === '' ? null : internalFault(form.values.amt, known)
  const error = wrong ? t(wrong.key, wrong.values as never) : field.error
  return (
    <div className={css.form}>
      <Form form={form} submit={t('withdraw.continue')}>
        <p className="muted">{t('withdraw.user.about')}</p>
        <div className={css.wide}>
          <Select
            labelled
            label={t('currency')}
            value={ccy}
            options={held.map((each) => [each, each] as const)}
            onChange={choose}
          />
        </div>
        {stopped.has(ccy) ? (
          <p className={css.warning} role="status">
            {t('withdraw.user.stopped', { ccy })}
          </p>
        ) : null}
        <Field
          {...form.bind('uid')}
          label={t('withdraw.user.uid')}
          inputMode="numeric"
          maxLength={20}
          hint={t('withdraw.user.uid.hint', { uid: own })}
        />
        <Field
          {...field}
          {...(error ? { error } : {})}
          label={t('withdraw.amount', { ccy })}
          inputMode="decimal"
          hint={t('transfer.held', { amount: amounts(available), currency: ccy })}
          after={
            <Button size="small" look="ghost" onClick={() => form.set('amt', available)}>
              {t('subs.max')}
            </Button>
          }
        />
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

interface SendProps {
  wanted: Wanted
  once: Once
  onClose(): void
  onSent(): void
}

/** All of it once more: what another user has got cannot be taken back. */
function Send({ wanted, once, onClose, onSent }: SendProps): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const amounts = useAmounts()
  const { ccy, uid, amt } = wanted
  const send = async () => {
    const order = { ccy, amt, dest: '3' as const, toAddr: uid }
    await once(order, (clientId) => rest.post('asset/withdrawal', { ...order, clientId }))
    toast(t('withdraw.user.sent', { amount: amounts(amt), ccy, uid }), 'good')
    onSent()
    for (const queryKey of [['funds'], ['funding']]) {
      void client.invalidateQueries({ queryKey })
    }
  }
  const facts = [
    [t('withdraw.arrives'), `${amounts(amt)} ${ccy}`],
    [t('withdraw.fee'), t('withdraw.user.free')],
    [t('withdraw.all'), `${amounts(amt)} ${ccy}`],
  ] as const
  return (
    <Confirm
      title={t('withdraw.user.review')}
      about={t('withdraw.user.review.about')}
      deed={t('withdraw.user.send')}
      onClose={onClose}
      onConfirm={send}
    >
      <div>
        <p>{t('withdraw.user.uid')}</p>
        <p className={css.address}>
          <code>
            <b>{uid}</b>
          </code>
        </p>
      </div>
      <dl className={css.sum}>
        {facts.map(([name, value]) => (
          <div key={name} className={css.line}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Confirm>
  )
}
