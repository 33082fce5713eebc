import { type ReactNode, useState } from 'react'
import { useSession } from '~/api/session'
import { SignInFirst } from '~/app/SignInFirst'
import { useTitle } from '~/app/title'
import { useTranslation } from '~/i18n'
import { FillsTable } from '~/pages/trade/orders/FillsTable'
import { HistoryTable } from '~/pages/trade/orders/HistoryTable'
import { OpenOrdersTable } from '~/pages/trade/orders/OpenOrdersTable'
import { useCancelAll } from '~/trading/cancelling'
import { useOpenOrders } from '~/trading/use'
import { Button } from '~/ui/Button'
import { Tabs } from '~/ui/Tabs'
import { BillsTable } from './BillsTable'
import css from './OrdersPage.module.css'

type View = 'open' | 'history' | 'fills' | 'bills'

/** Everything about orders and money that was: three months of it. */
export function OrdersPage(): ReactNode {
  const { t } = useTranslation()
  const session = useSession()
  const [view, setView] = useState<View>('open')
  const { orders, isWhole } = useOpenOrders()
  const cancelEvery = useCancelAll()
  useTitle(t('nav.orders'))
  if (session === null) return <SignInFirst />
  const isKnown = isWhole || orders.length > 0
  const openTitle = isKnown ? t('orders.open', { count: orders.length }) : t('orders.openTitle')
  const contents: Record<View, ReactNode> = {
    open: <OpenOrdersTable orders={orders} isWhole={isWhole} />,
    history: <HistoryTable archive />,
    fills: <FillsTable archive />,
    bills: <BillsTable />,
  }
  const tabs = (['open', 'history', 'fills', 'bills'] as const).map((id) => ({
    id,
    title: id === 'open' ? openTitle : t(`orders.${id}`),
    content: view === id && session ? contents[id] : null,
  }))
  return (
    <section className={css.page}>
      <h1>{t('nav.orders')}</h1>
      <Tabs<View>
        className={css.panel ?? ''}
        label={t('nav.orders')}
        tabs={tabs}
        value={view}
        onChange={setView}
        after={
          view === 'open' ? (
            <Button size="small" disabled={orders.length === 0} onClick={() => void cancelEvery()}>
              {t('orders.cancelAll')}
            </Button>
          ) : null
        }
      />
    </section>
  )
}
