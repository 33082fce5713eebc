import { useParams } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { Notice } from '~/app/Notice'
import { useIsPainted } from '~/app/painted'
import { prefer } from '~/app/preferences'
import { useIsPhone } from '~/app/size'
import { useTranslation } from '~/i18n'
import { pairName, useInstruments, useLiveStates } from '~/market/instruments'
import { Tabs } from '~/ui/Tabs'
import { OrderBookPanel } from './book/OrderBookPanel'
import { TradesPanel } from './book/TradesPanel'
import { ChartPanel } from './chart/ChartPanel'
import { DeskProvider } from './desk'
import { OrderForm } from './form/OrderForm'
import { OrdersPanel } from './orders/OrdersPanel'
import { PairBar } from './PairBar'
import css from './TradePage.module.css'
import { Workspace } from './Workspace'

export function TradePage(): ReactNode {
  const { t } = useTranslation()
  const { instId } = useParams({ strict: false }) as { instId: string }
  const instruments = useInstruments()
  useLiveStates()
  const instrument = instruments?.find((each) => each.instId === instId)
  const isPhone = useIsPhone()
  const panels = usePanels()
  useEffect(() => {
    if (instrument) prefer({ lastPair: instrument.instId })
  }, [instrument])
  if (!instruments) return <p className={css.loading}>{t('loading')}</p>
  if (!instrument) {
    return (
      <Notice title={t('pair.unknown')}>
        {t('pair.unknownAbout', { pair: pairName(instId) })}
      </Notice>
    )
  }
  return (
    <DeskProvider key={instId} instrument={instrument}>
      <PairBar />
      {isPhone ? <Stack /> : <Workspace panels={panels} />}
    </DeskProvider>
  )
}

/** The form first: the others show what is still on its way. */
function usePanels() {
  const isPainted = useIsPainted()
  return {
    chart: isPainted ? <ChartPanel /> : null,
    book: isPainted ? <OrderBookPanel /> : null,
    trades: isPainted ? <TradesPanel /> : null,
    form: <OrderForm />,
    orders: isPainted ? <OrdersPanel /> : null,
  }
}

type View = 'chart' | 'book' | 'trades'

/** On a phone the market is one of three views, with the form and the orders below it. */
function Stack(): ReactNode {
  const { t } = useTranslation()
  const [view, setView] = useState<View>('chart')
  const { chart, book, trades, form, orders } = usePanels()
  const views = { chart, book, trades }
  const titles = { chart: t('chart.title'), book: t('book.title'), trades: t('trades.title') }
  const tabs = (['chart', 'book', 'trades'] as const).map((id) => ({
    id,
    title: titles[id],
    content: view === id ? views[id] : null,
  }))
  return (
    <div className={css.stack}>
      <Tabs<View>
        className={css.views ?? ''}
        label={t('pair.views')}
        tabs={tabs}
        value={view}
        onChange={setView}
      />
      <section className={css.section} aria-label={t('form.title')}>
        {form}
      </section>
      <section className={css.section} aria-label={t('orders.title')}>
        {orders}
      </section>
    </div>
  )
}
