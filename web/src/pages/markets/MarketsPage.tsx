import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useMemo, useState } from 'react'
import { usePreferences } from '~/app/preferences'
import { useLink, useServices } from '~/app/services'
import { useTitle } from '~/app/title'
import { useTranslation } from '~/i18n'
import { type Instrument, useInstruments } from '~/market/instruments'
import { Field } from '~/ui/Field'
import { SearchIcon } from '~/ui/icons'
import { type Column, Table } from '~/ui/Table'
import { Tabs } from '~/ui/Tabs'
import { Change, Favourite, High, Last, Low, PairName, Volume } from './cells'
import { Highlights } from './Highlights'
import css from './MarketsPage.module.css'
import { type Order, type SortKey, sorted, type Tickers, useSlowTickers } from './order'
import { Sparkline } from './Sparkline'

const FAVOURITES = 'favourites'
const ALL = 'all'
const NONE: Tickers = new Map()

export function MarketsPage(): ReactNode {
  const { t } = useTranslation()
  const instruments = useInstruments()
  const tickers = useSlowTickers(instruments)
  const [group, setGroup] = useState(ALL)
  const [search, setSearch] = useState('')
  useTitle(t('markets.title'))
  const quotes = useMemo(
    () => [...new Set((instruments ?? []).map((each) => each.quoteCcy))],
    [instruments],
  )
  const tabs = [
    { id: ALL, title: t('markets.all') },
    { id: FAVOURITES, title: t('markets.favourites') },
    ...quotes.map((quote) => ({ id: quote, title: quote })),
  ]
  const list = <List instruments={instruments} tickers={tickers} group={group} search={search} />
  return (
    <section className={css.page}>
      <header className={css.head}>
        <h1>{t('markets.title')}</h1>
        <div className={css.search}>
          <Field
            label={t('markets.search')}
            quiet
            type="search"
            placeholder={t('markets.search')}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            after={<SearchIcon />}
          />
        </div>
      </header>
      <Highlights instruments={instruments} tickers={tickers ?? NONE} />
      <Tabs
        className={css.panel ?? ''}
        label={t('markets.title')}
        value={group}
        onChange={setGroup}
        tabs={tabs.map((tab) => ({ ...tab, content: tab.id === group ? list : null }))}
      />
    </section>
  )
}

interface ListProps {
  instruments: Instrument[] | undefined
  tickers: Tickers | undefined
  group: string
  search: string
}

function List({ instruments, tickers, group, search }: ListProps): ReactNode {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { streams } = useServices()
  const isLive = useLink(streams.market).kind === 'live'
  const { favourites } = usePreferences()
  const [order, setOrder] = useState<Order>({ key: 'volume', down: true })
  const words = search.trim().toUpperCase().replace('/', '-')
  const shown = (instruments ?? []).filter(
    ({ instId, quoteCcy }) =>
      instId.includes(words) &&
      (group === ALL ||
        quoteCcy === group ||
        (group === FAVOURITES && favourites.includes(instId))),
  )
  const rows = tickers ? sorted(shown, tickers, order) : []
  const empty = group === FAVOURITES && !words ? t('markets.noFavourites') : t('markets.none')
  return (
    <div data-stale={isLive ? undefined : ''}>
      <Table
        label={t('markets.title')}
        columns={useColumns(order, setOrder)}
        rows={rows}
        keyOf={({ instId }) => instId}
        empty={instruments && tickers ? empty : t('loading')}
        onRow={({ instId }) => void navigate({ to: `/trade/${instId}` })}
      />
    </div>
  )
}

function useColumns(order: Order, setOrder: (order: Order) => void): Column<Instrument>[] {
  const { t } = useTranslation()
  const sortable = (key: SortKey) => ({
    id: key,
    sort: sortOf(order, key),
    // Names begin at A, numbers with the largest.
    onSort: () => setOrder({ key, down: order.key === key ? !order.down : key !== 'pair' }),
  })
  return [
    {
      id: 'star',
      title: <span className="unseen">{t('markets.favourites')}</span>,
      cell: Favourite,
    },
    { ...sortable('pair'), title: t('markets.pair'), cell: PairName },
    { ...sortable('last'), title: t('markets.last'), cell: Last, number: true },
    { ...sortable('change'), title: t('markets.change'), cell: Change, number: true },
    { id: 'high', title: t('markets.high'), cell: High, number: true, wideOnly: true },
    { id: 'low', title: t('markets.low'), cell: Low, number: true, wideOnly: true },
    {
      ...sortable('volume'),
      title: t('markets.volume'),
      cell: Volume,
      number: true,
      wideOnly: true,
    },
    { id: 'day', title: t('markets.day'), cell: Sparkline, number: true, wideOnly: true },
  ].map((column) => ({ ...column, cell: asCell(column.cell) }))
}

type InstrumentCell = (props: { instrument: Instrument }) => ReactNode

/** Each cell is a component: it listens to its own instrument alone. */
function asCell(Cell: InstrumentCell): (instrument: Instrument) => ReactNode {
  return (instrument) => <Cell instrument={instrument} />
}

function sortOf(order: Order, key: SortKey): 'ascending' | 'descending' | 'none' {
  if (order.key !== key) return 'none'
  return order.down ? 'descending' : 'ascending'
}
