import { type ReactNode, useState } from 'react'
import { useRefusalText } from '~/app/refusals'
import { useTranslation } from '~/i18n'
import { pairName, useInstrument } from '~/market/instruments'
import { padded, parsed, plain, trimmed } from '~/market/numbers'
import type { OrdersState } from '~/trading/account'
import type { Order } from '~/trading/orders'
import { amend, cancel } from '~/trading/placing'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { commonColumns } from './columns'
import css from './OrdersPanel.module.css'

/** Open orders; price and amount are changed where they stand, and each can be cancelled. */
export function OpenOrdersTable({ orders, isWhole }: OrdersState): ReactNode {
  const { t, language } = useTranslation()
  const columns: Column<Order>[] = [
    ...commonColumns(t, language),
    {
      id: 'price',
      title: t('form.price'),
      number: true,
      cell: (order) => <Editable order={order} field="px" />,
    },
    {
      id: 'size',
      title: t('form.size'),
      number: true,
      cell: (order) => <Editable order={order} field="sz" />,
    },
    {
      id: 'filled',
      title: t('orders.filled'),
      number: true,
      cell: ({ accFillSz }) => trimmed(accFillSz || '0'),
    },
    {
      id: 'actions',
      title: <span className="unseen">{t('orders.actions')}</span>,
      number: true,
      cell: (order) => <Cancel order={order} />,
    },
  ]
  return (
    <Table
      cards
      label={t('orders.openTitle')}
      columns={columns}
      rows={orders}
      keyOf={({ ordId }) => ordId}
      empty={t(isWhole ? 'orders.none' : 'loading')}
    />
  )
}

function Cancel({ order }: { order: Order }): ReactNode {
  const { t } = useTranslation()
  const refusal = useRefusalText()
  const [isBusy, setBusy] = useState(false)
  const press = async () => {
    setBusy(true)
    try {
      await cancel(order)
    } catch (problem) {
      toast(refusal(problem), 'bad')
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button
      size="small"
      busy={isBusy}
      aria-label={t('orders.cancelOne', {
        about: `${pairName(order.instId)} ${order.px} ${order.sz}`,
      })}
      onClick={() => void press()}
    >
      {t('cancel')}
    </Button>
  )
}

interface EditableProps {
  order: Order
  field: 'px' | 'sz'
}

/** A value that becomes a field when it is pressed: Enter sends, Escape and leaving put it back. */
function Editable({ order, field }: EditableProps): ReactNode {
  const { t } = useTranslation()
  const instrument = useInstrument(order.instId)
  const [typed, setTyped] = useState<string | null>(null)
  const [isBack, setBack] = useState(false)
  const leave = (byKey: boolean) => {
    setTyped(null)
    setBack(byKey)
  }
  const { problem, send } = useAmend(order, field, () => leave(true))
  const name = t(field === 'px' ? 'orders.newPrice' : 'orders.newSize')
  if (!order[field]) return '—'
  if (typed === null) {
    const shown =
      field === 'px' ? padded(order.px, instrument?.priceDecimals ?? 0) : trimmed(order.sz)
    return (
      <button
        type="button"
        // biome-ignore lint/a11y/noAutofocus: it stands where the field was that was left by a key
        autoFocus={isBack}
        className={css.value}
        aria-label={`${name}: ${shown}`}
        onClick={() => setTyped(order[field])}
      >
        {shown}
      </button>
    )
  }
  return (
    <>
      <input
        // biome-ignore lint/a11y/noAutofocus: it stands where the button was that was pressed
        autoFocus
        className={css.edit}
        inputMode="decimal"
        aria-label={name}
        aria-invalid={Boolean(problem)}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => leave(false)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') void send(typed)
          if (event.key === 'Escape') leave(true)
        }}
      />
      {problem ? (
        <p className={css.problem} role="alert">
          {problem}
        </p>
      ) : null}
    </>
  )
}

function useAmend(order: Order, field: 'px' | 'sz', onDone: () => void) {
  const { t } = useTranslation()
  const refusal = useRefusalText()
  const [problem, setProblem] = useState('')
  const send = async (typed: string) => {
    const value = parsed(typed)
    if (!value?.gt(0)) {
      setProblem(t(value ? 'form.positive' : 'form.noNumber'))
      return
    }
    setProblem('')
    try {
      const text = plain(value)
      if (text !== order[field])
        await amend(order, field === 'px' ? { newPx: text } : { newSz: text })
      onDone()
    } catch (refused) {
      setProblem(refusal(refused))
    }
  }
  return { problem, send }
}
