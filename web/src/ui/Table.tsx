import type { ReactNode } from 'react'
import { classes } from './classes'
import css from './Table.module.css'

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

/** A plain table; its head stays in sight. */
export function Table<T>(props: TableProps<T>): ReactNode {
  const { label, columns, rows, keyOf, empty, cards } = props
  return (
    <>
      <table className={classes(css.table, cards && css.cards)} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={keyOf(row)} row={row} {...props} />
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? <div className={css.empty}>{empty}</div> : null}
    </>
  )
}

function Row<T>({ row, columns, onRow }: TableProps<T> & { row: T }): ReactNode {
  return (
    <tr className={onRow && css.pressable} onClick={onRow && (() => onRow(row))}>
      {columns.map((column) => (
        <td
          key={column.id}
          className={cellClass(column)}
          data-title={typeof column.title === 'string' ? column.title : undefined}
        >
          {column.cell(row)}
        </td>
      ))}
    </tr>
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

function cellClass<T>({ number, wideOnly }: Column<T>): string {
  return classes(number && css.number, wideOnly && css.wideOnly)
}
