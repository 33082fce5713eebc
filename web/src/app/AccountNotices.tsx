import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { useSession } from '~/api/session'
import { useTranslation } from '~/i18n'
import { pairName } from '~/market/instruments'
import { trimmed } from '~/market/numbers'
import { rememberEmail } from '~/pages/account/entry/lastEmail'
import { endedBy } from '~/trading/ended'
import type { Order } from '~/trading/orders'
import { useAccount } from '~/trading/use'
import { toast } from '~/ui/toasts'
import { preferences } from './preferences'
import { useServices } from './services'
import { playFill } from './sound'

const LISTS_AFTER_MS = 600

type Fill = Pick<Order, 'fillSz' | 'fillPx' | 'instId' | 'side' | 'state'>

/** Says what happens to one's orders, and has lists of the past asked for anew. */
export function AccountNotices(): ReactNode {
  const { t } = useTranslation()
  const account = useAccount()
  const session = useSession()
  const { streams } = useServices()
  const client = useQueryClient()
  useEffect(() => {
    if (!session) return
    rememberEmail(session.email)
    streams.wake()
  }, [session, streams])
  useEffect(() => {
    if (!account) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const release = account.orders.use()
    const leave = account.orders.onChange((order) => {
      notice(order)
      clearTimeout(timer)
      // The records follow the exchange at a small distance.
      timer = setTimeout(() => {
        void client.invalidateQueries({ queryKey: ['past'] })
        void client.invalidateQueries({ queryKey: ['fills'] })
      }, LISTS_AFTER_MS)
    })
    return () => {
      clearTimeout(timer)
      leave()
      release()
    }

    function notice(order: Order): void {
      const reason = endedBy(order)
      const { tradeId, fillSz, fillPx, instId, side, state } = order
      if (reason) toast(t('ended', { pair: pairName(instId) }), 'bad', t(reason))
      else if (tradeId && Number(fillSz) > 0) filled({ fillSz, fillPx, instId, side, state })
    }

    function filled({ fillSz, fillPx, instId, side, state }: Fill): void {
      const [currency = ''] = instId.split('-')
      const about = `${trimmed(fillSz)} ${currency} @ ${trimmed(fillPx)}`
      const isDone = state === 'filled'
      const title = t(side === 'buy' ? 'fill.bought' : 'fill.sold', { pair: pairName(instId) })
      toast(title, 'good', isDone ? about : `${about} · ${t('fill.partly')}`)
      if (preferences().sound) playFill()
    }
  }, [account, client, t])
  return null
}
