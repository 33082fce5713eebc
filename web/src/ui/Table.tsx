import { type ReactNode, useRef, useState } from 'react'
import { useTranslation } from '~/i18n'
import { IconButton } from './Button'
import { classes } from './classes'
import { ChevronIcon } from './icons'
import css from './Table.module.css'
import { useWindow } from './windowed'

export interface Column<T> {
  id: string
  title: ReactNode
  cell(row: T): ReactNode
  /** Numbers stand at the right. */
  number?: boolean
  sort?: 'ascending' | 'descending' | 'none'
  onSort?(): void
  /** Left out where the page is narrow. */
  wideOnly?: boolean
  /** Of a card, what is there once it is opened. */
  detail?: boolean
}

export interface TableProps<T> {
  label: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  keyOf(row: T): string
  /** What stands where there are no rows. */
  empty: ReactNode
  onRow?(row: T): void
  /** On a phone each row becomes a card of labelled values. */
  cards?: boolean
}

/** A plain table; its head stays in sight. Of a long one only the rows near the view are there. */
export function Table<T>(props: TableProps<T>): ReactNode {
  const { label, columns, rows, keyOf, empty, cards } = props
  const table = useRef<HTMLTableElement>(null)
  const window = useWindow(rows.length, table)
  const places = window?.places ?? rows.map((_, place) => place)
  return (
    <>
      <table
        ref={table}
        className={classes(css.table, cards && css.cards)}
        aria-label={label}
        aria-rowcount={window ? rows.length + 1 : undefined}
      >
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Gap height={window?.before} />
          {places.flatMap((place) => {
            const row = rows[place]
            if (row === undefined) return []
            const near = window && { place, measure: window.measure }
            return <Row key={keyOf(row)} row={row} near={near} {...props} />
          })}
          <Gap height={window?.after} />
        </tbody>
      </table>
      {rows.length === 0 ? <div className={css.empty}>{empty}</div> : null}
    </>
  )
}

/** Stands for the rows that are not there. */
function Gap({ height }: { height: number | undefined }): ReactNode {
  return height ? <tr className={css.gap} style={{ height }} /> : null
}

interface RowProps<T> extends TableProps<T> {
  row: T
  /** Where it is in a long table, and what wants to know its height. */
  near: { place: number; measure(element: Element | null): void } | null
}

function Row<T>({ row, columns, onRow, near, cards }: RowProps<T>): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const hasMore = cards && columns.some(({ detail }) => detail)
  return (
    <tr
      ref={near?.measure}
      data-index={near?.place}
      aria-rowindex={near ? near.place + 2 : undefined}
      data-open={isOpen ? '' : undefined}
      className={onRow && css.pressable}
      onClick={onRow && (() => onRow(row))}
    >
      {columns.map((column, place) => (
        <td
          key={column.id}
          className={cellClass(column)}
          data-title={typeof column.title === 'string' ? column.title : undefined}
        >
          {column.cell(row)}
          {place === 0 && hasMore ? (
            <Opener isOpen={isOpen} onPress={() => setOpen(!isOpen)} />
          ) : null}
        </td>
      ))}
    </tr>
  )
}

/** Opens the rest of a card; there is no such thing where there are no cards. */
function Opener({ isOpen, onPress }: { isOpen: boolean; onPress(): void }): ReactNode {
  const { t } = useTranslation()
  return (
    <IconButton
      label={t('table.details')}
      aria-expanded={isOpen}
      className={css.opener ?? ''}
      onClick={(event) => {
        event.stopPropagation()
        onPress()
      }}
    >
      <ChevronIcon />
    </IconButton>
  )
}

function Head<T>({ column }: { column: Column<T> }): ReactNode {
  const { title, sort, onSort } = column
  return (
    <th scope="col" className={cellClass(column)} aria-sort={sort}>
      {onSort ? (
        <button type="button" className={css.sort} onClick={onSort}>
          {title}
          <span aria-hidden="true" className={css.arrow}>
            {sort === 'ascending' ? '▲' : sort === 'descending' ? '▼' : ''}
          </span>
        </button>
      ) : (
        title
      )}
    </th>
  )
}

function cellClass<T>({ number, wideOnly, detail }: Column<T>): string {
  return classes(number && css.number, wideOnly && css.wideOnly, detail && css.detail)
}
