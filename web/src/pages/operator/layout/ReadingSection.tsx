import type { ReactNode } from 'react'
import type { GetName } from '~/api/rest'
import { Section, type SectionProps } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { useTranslation } from '../texts'
import { ReadingProblem } from './ReadingProblem'
import { useReading } from './reading'

interface Props<T> extends Omit<SectionProps, 'children' | 'flush'> {
  path: GetName
  /** Asked for again every so many ms. */
  every?: number
  columns: readonly Column<T>[]
  keyOf(row: T): string
  /** What is said where there is nothing. */
  none: string
}

/** A table of all rows of an endpoint; a line where there are none. */
export function ReadingSection<T>(props: Props<T>): ReactNode {
  const { path, every = false, columns, keyOf, none, ...section } = props
  const { t } = useTranslation()
  const { data, error } = useReading<T>(path, {}, every)
  const line = data?.length ? undefined : data ? none : t('loading')
  return (
    <Section {...section} line={error ? undefined : line} flush>
      <ReadingProblem problem={error} />
      {line ? null : (
        <Table
          label={section.title}
          columns={columns}
          rows={data ?? []}
          keyOf={keyOf}
          empty={none}
          cards
        />
      )}
    </Section>
  )
}
