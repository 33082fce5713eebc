import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type MessageKey, useTranslation } from '~/i18n'
import { Table } from '~/ui/Table'
import { Problem } from '../form/Problem'
import { useAmounts } from '../layout/amounts'
import { holdingsQuery, ROOMS, type Room } from './rows'
import css from './SubAccounts.module.css'

export const ROOM_NAMES: Record<Room, MessageKey> = { '18': 'subs.trading', '6': 'subs.funding' }

/** What lies on a sub-account's two accounts. */
export function Holdings({ sub }: { sub: string }): ReactNode {
  return (
    <div className={css.holdings}>
      {ROOMS.map((room) => (
        <RoomHoldings key={room} sub={sub} room={room} />
      ))}
    </div>
  )
}

function RoomHoldings({ sub, room }: { sub: string; room: Room }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const { data: rows, error } = useQuery(holdingsQuery(sub, room))
  const name = t(ROOM_NAMES[room])
  return (
    <div className={css.room}>
      <h3>{name}</h3>
      <Problem problem={error} />
      <Table
        label={name}
        columns={[
          { id: 'ccy', title: t('subs.ccy'), cell: (row) => row.ccy },
          { id: 'total', title: t('subs.total'), number: true, cell: (row) => amount(row.total) },
          { id: 'free', title: t('subs.free'), number: true, cell: (row) => amount(row.free) },
        ]}
        rows={rows ?? []}
        keyOf={(row) => row.ccy}
        empty={t(rows ? 'subs.nothing' : 'account.loading')}
      />
    </div>
  )
}
