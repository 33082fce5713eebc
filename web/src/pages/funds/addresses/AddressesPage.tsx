import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { rest } from '~/api/rest'
import { useTranslation } from '~/i18n'
import { Problem } from '~/pages/account/form/Problem'
import { Confirm } from '~/pages/account/layout/Confirm'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { networkOf, useLines } from '../currencies'
import css from '../layout/Funds.module.css'
import { BOOK, type Booked, useBook } from './book'
import { Lock } from './Lock'
import { NewAddress } from './NewAddress'

/** The addresses that money may go to. */
export function AddressesPage(): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { book, error } = useBook()
  const lines = useLines()
  const [isAdding, setAdding] = useState(false)
  const [removed, setRemoved] = useState<Booked | null>(null)
  const again = () => client.invalidateQueries({ queryKey: BOOK })
  return (
    <>
      <PageHead title={t('addresses.title')} about={t('addresses.about')} />
      <Section
        title={t('addresses.list')}
        flush
        action={
          <Button look="primary" disabled={!lines?.length} onClick={() => setAdding(true)}>
            {t('addresses.add')}
          </Button>
        }
      >
        <Problem problem={error} />
        <Table
          label={t('addresses.list')}
          columns={useColumns(setRemoved)}
          rows={book ?? []}
          keyOf={({ addrId }) => addrId}
          empty={t(book ? 'addresses.none' : 'loading')}
          cards
        />
      </Section>
      {isAdding ? <NewAddress lines={lines ?? []} onClose={() => setAdding(false)} /> : null}
      {removed ? (
        <Confirm
          title={t('addresses.remove')}
          about={t('addresses.remove.about', { label: removed.label })}
          deed={t('addresses.remove')}
          onClose={() => setRemoved(null)}
          onConfirm={async () => {
            await rest.post('x/withdrawal-addresses/remove', { addrId: removed.addrId })
            toast(t('addresses.removed'), 'good')
            await again()
          }}
        />
      ) : null}
    </>
  )
}

function useColumns(onRemove: (row: Booked) => void): Column<Booked>[] {
  const { t } = useTranslation()
  const date = useDates()
  const networks = ({ chains }: Booked) => [...new Set(chains.map(networkOf))].join(', ')
  return [
    {
      id: 'label',
      title: t('addresses.label'),
      cell: ({ label, addr }) => (
        <span className={css.cell}>
          <b>{label}</b>
          <code className={css.code}>{addr}</code>
        </span>
      ),
    },
    { id: 'network', title: t('funds.network'), cell: networks },
    { id: 'state', title: t('funds.state'), cell: (row) => <Lock row={row} /> },
    { id: 'added', title: t('addresses.added'), cell: ({ addedTime }) => date(addedTime) },
    {
      id: 'remove',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (row) => (
        <Button
          size="small"
          aria-label={t('addresses.remove.one', { label: row.label })}
          onClick={() => onRemove(row)}
        >
          {t('account.remove')}
        </Button>
      ),
    },
  ]
}
