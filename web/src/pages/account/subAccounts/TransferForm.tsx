import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { type MessageKey, useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { Field } from '~/ui/Field'
import { Select } from '~/ui/Select'
import { toast } from '~/ui/toasts'
import { faults } from '../form/checks'
import { Form } from '../form/Form'
import { useOnce } from '../form/once'
import { useForm } from '../form/useForm'
import { useAmounts } from '../layout/amounts'
import { ROOM_NAMES } from './Holdings'
import { ALL_HOLDINGS, holdingsQuery, ROOMS, type Room } from './rows'
import css from './SubAccounts.module.css'

type Way = '1' | '2'
interface Wanted {
  type: Way
  from: Room
  to: Room
  ccy: string
  amt: string
}

const AMOUNT = /^\d+(\.\d+)?$/

/** Moves money between the master and a sub-account; after a lost answer too it moves once. */
export function TransferForm({ sub }: { sub: string }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const amount = useAmounts()
  const once = useOnce()
  const form = useForm<keyof Wanted>({
    initial: { type: '1', from: '18', to: '18', ccy: '', amt: '' },
    codes: { 58114: 'amt', 58350: 'amt' },
    check: ({ amt }) => {
      const isAmount = AMOUNT.test(amt.trim()) && /[1-9]/.test(amt)
      const fault: MessageKey | undefined = isAmount ? undefined : 'subs.amount.fault'
      return faults({ amt: fault })
    },
    send: async (values) => {
      const wanted = { ...(values as unknown as Wanted), ccy, amt: values.amt.trim(), subAcct: sub }
      await once(wanted, (clientId) => rest.post('asset/transfer', { ...wanted, clientId }))
      form.set('amt', '')
      toast(t('subs.transferred', { amount: amount(wanted.amt), ccy }), 'good')
      await client.invalidateQueries({ queryKey: ALL_HOLDINGS })
    },
  })
  const { type, from, to } = form.values as unknown as Wanted
  const { data: held } = useQuery(holdingsQuery(type === '1' ? '' : sub, from))
  const known = held ?? []
  const ccy = known.some((row) => row.ccy === form.values.ccy)
    ? form.values.ccy
    : (known[0]?.ccy ?? '')
  const free = known.find((row) => row.ccy === ccy)?.free ?? '0'
  const rooms = ROOMS.map((room) => [room, t(ROOM_NAMES[room])] as const)
  return (
    <Form form={form} submit={t('subs.transfer')}>
      <div className={css.transfer}>
        <Select<Way>
          label={t('subs.way')}
          labelled
          value={type}
          options={[
            ['1', t('subs.way.to')],
            ['2', t('subs.way.from')],
          ]}
          onChange={(value) => form.set('type', value)}
        />
        <Select
          label={t('subs.ccy')}
          labelled
          value={ccy}
          disabled={known.length === 0}
          options={known.map((row) => [row.ccy, row.ccy] as const)}
          onChange={(value) => form.set('ccy', value)}
        />
        <Select<Room>
          label={t('subs.from')}
          labelled
          value={from}
          options={rooms}
          onChange={(value) => form.set('from', value)}
        />
        <Select<Room>
          label={t('subs.to')}
          labelled
          value={to}
          options={rooms}
          onChange={(value) => form.set('to', value)}
        />
      </div>
      <Field
        {...form.bind('amt')}
        label={t('subs.amount')}
        inputMode="decimal"
        hint={ccy ? t('subs.available', { amount: amount(free), ccy }) : t('subs.nothingToSend')}
        after={
          <Button size="small" look="ghost" onClick={() => form.set('amt', free)}>
            {t('subs.max')}
          </Button>
        }
      />
    </Form>
  )
}
