import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead } from '~/pages/account/layout/Section'
import sectionCss from '~/pages/account/layout/Section.module.css'
import { type Column, Table } from '~/ui/Table'
import { Tabs } from '~/ui/Tabs'
import { Act } from '../layout/Act'
import css from '../layout/Cells.module.css'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import { stopLook } from './course'
import { Left } from './Left'
import type { Stop } from './rows'
import { StopDialog } from './StopDialog'

const EVERY_MS = 3_000
const OVER = ['lifted', 'reported', 'discarded']

type Shown = 'open' | 'over'

/** What is stopped, by whom and why; one operator stops, the way back is many's. */
export function SuspensionsPage(): ReactNode {
  const { t } = useTranslation()
  const [shown, setShown] = useState<Shown>('open')
  const { data, error } = useReading<Stop, 'x/operator/suspending'>(
    'x/operator/suspending',
    {},
    EVERY_MS,
  )
  const tabs = (['open', 'over'] as const).map((id) => ({
    id,
    title: t(`op.sus.${id}`),
    content: (
      <List
        label={t(`op.sus.${id}`)}
        rows={data && rowsOf(data, id)}
        empty={t(`op.sus.${id}.none`)}
      />
    ),
  }))
  return (
    <>
      <PageHead
        title={t('op.sus')}
        about={t('op.sus.about')}
        action={
          <span className={css.acts}>
            <Act label={t('op.sus.draft')}>{(close) => <StopDialog isDraft onClose={close} />}</Act>
            <Act label={t('op.sus.stop')} look="danger">
              {(close) => <StopDialog onClose={close} />}
            </Act>
          </span>
        }
      />
      <ReadingProblem problem={error} />
      <section className={sectionCss.section} aria-label={t('op.sus')}>
        <Tabs<Shown> label={t('op.sus')} tabs={tabs} value={shown} onChange={setShown} />
      </section>
    </>
  )
}

function rowsOf(stops: readonly Stop[], shown: Shown): Stop[] {
  return stops.filter(({ state }) => OVER.includes(state) === (shown === 'over'))
}

function List(props: { label: string; rows: Stop[] | undefined; empty: string }): ReactNode {
  const { t } = useTranslation()
  return (
    <div className={sectionCss.flush}>
      <Table
        label={props.label}
        columns={useColumns()}
        rows={props.rows ?? []}
        keyOf={({ suspension }) => suspension}
        empty={props.rows ? props.empty : t('loading')}
        cards
      />
    </div>
  )
}

function useColumns(): Column<Stop>[] {
  const { t, language } = useTranslation()
  const word = useWords()
  const date = useDates()
  return [
    {
      id: 'what',
      title: t('op.sus.what'),
      cell: ({ suspension, title }) => (
        <span className={css.long}>
          <Link to={`/operator/suspensions/${suspension}`}>{title[language]}</Link>
        </span>
      ),
    },
    {
      id: 'state',
      title: t('op.state'),
      cell: ({ state }) => <Badge look={stopLook(state)}>{word('sus.state', state)}</Badge>,
    },
    { id: 'mode', title: t('op.sus.mode'), cell: ({ mode }) => word('sus.mode', mode) },
    { id: 'ratified', title: t('op.sus.others'), cell: (stop) => <Left stop={stop} /> },
    { id: 'begun', title: t('op.sus.since'), cell: ({ beginTs }) => date(beginTs) },
    {
      id: 'ends',
      title: t('op.sus.expected'),
      cell: ({ endTs, estOpenTs }) => date(endTs || estOpenTs),
    },
  ]
}
