import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useSession } from '~/api/session'
import { useTranslation } from '~/i18n'
import { useCancelAll } from '~/trading/cancelling'
import { useOpenOrders } from '~/trading/use'
import { Button } from '~/ui/Button'
import { Tabs } from '~/ui/Tabs'
import { useDesk } from '../desk'
import { BalancesTable } from './BalancesTable'
import { FillsTable } from './FillsTable'
import { HistoryTable } from './HistoryTable'
import { OpenOrdersTable } from './OpenOrdersTable'
import css from './OrdersPanel.module.css'

type TabName = 'open' | 'history' | 'fills' | 'balances'

/** What belongs to the account: open orders, what became of others, fills, balances. */
export function OrdersPanel(): ReactNode {
  const { t } = useTranslation()
  const session = useSession()
  const { instrument } = useDesk()
  const [tab, setTab] = useState<TabName>('open')
  const [isOfPair, setOfPair] = useState(false)
  const { orders, isWhole } = useOpenOrders()
  const instId = isOfPair ? instrument.instId : undefined
  const open = instId ? orders.filter((order) => order.instId === instId) : orders
  const isKnown = isWhole || open.length > 0
  const openTitle = isKnown ? t('orders.open', { count: open.length }) : t('orders.openTitle')
  const contents: Record<TabName, ReactNode> = {
    open: <OpenOrdersTable orders={open} isWhole={isWhole} />,
    history: <HistoryTable instId={instId} />,
    fills: <FillsTable instId={instId} />,
    balances: <BalancesTable />,
  }
  const tabs = (['open', 'history', 'fills', 'balances'] as const).map((id) => ({
    id,
    title: id === 'open' ? openTitle : t(`orders.${id}`),
    content: session ? tab === id ? contents[id] : null : <SignedOut />,
  }))
  return (
    <Tabs<TabName>
      className={css.tabs ?? ''}
      label={t('orders.title')}
      tabs={tabs}
      value={tab}
      onChange={setTab}
      after={
        session ? (
          <>
            <Button
              size="small"
              look="ghost"
              aria-pressed={isOfPair}
              onClick={() => setOfPair(!isOfPair)}
            >
              {t('orders.thisPair')}
            </Button>
            {tab === 'open' ? <CancelAll count={open.length} instId={instId} /> : null}
          </>
        ) : null
      }
    />
  )
}

function CancelAll({ count, instId }: { count: number; instId: string | undefined }): ReactNode {
  const { t } = useTranslation()
  const cancelEvery = useCancelAll()
  return (
    <Button size="small" disabled={count === 0} onClick={() => void cancelEvery(instId)}>
      {t('orders.cancelAll')}
    </Button>
  )
}

function SignedOut(): ReactNode {
  const { t } = useTranslation()
  return (
    <p className={css.signedOut}>
      <Link to="/sign-in">{t('signIn')}</Link> · <Link to="/sign-up">{t('signUp')}</Link>
      <br />
      {t('orders.signedOut')}
    </p>
  )
}
