import type { ReactNode } from 'react'
import { useRefusalText } from '~/app/refusals'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { type Column, Table } from '~/ui/Table'
import css from './OrdersPanel.module.css'
import type { usePages } from './pages'

export interface PagedTableProps<T> {
  label: string
  columns: readonly Column<T>[]
  pages: ReturnType<typeof usePages<T>>
  keyOf(row: T): string
  empty: string
}

/** A table of the past with a button for more of it. */
export function PagedTable<T>(props: PagedTableProps<T>): ReactNode {
  const { t } = useTranslation()
  const { pages, empty, ...table } = props
  const refusal = useRefusalText()
  const without = pages.isLoading ? t('loading') : pages.error ? refusal(pages.error) : empty
  return (
    <>
      <Table cards {...table} rows={pages.rows} empty={without} />
      {pages.hasMore ? (
        <div className={css.more}>
          <Button onClick={pages.more}>{t('more')}</Button>
        </div>
      ) : null}
    </>
  )
}
