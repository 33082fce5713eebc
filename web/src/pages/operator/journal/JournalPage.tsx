import { type ReactNode, useState } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { Button } from '~/ui/Button'
import { Field } from '~/ui/Field'
import css from '../layout/Cells.module.css'
import { Facts } from '../layout/Facts'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import type { Journal, JournalRow } from '../rows'
import { useTranslation } from '../texts'
import { JournalRows } from './JournalRows'
import { ReplaySection } from './ReplaySection'

const EVERY_MS = 5_000
const PAGE = 20

/** The one durable log: what is kept of it, its rows, and whether it replays to the same state. */
export function JournalPage(): ReactNode {
  const { t } = useTranslation()
  const { data, error } = useReading<Journal, 'x/operator/journal'>(
    'x/operator/journal',
    {},
    EVERY_MS,
  )
  const journal = data?.[0]
  return (
    <>
      <PageHead title={t('op.journal')} about={t('op.journal.about')} />
      <ReadingProblem problem={error} />
      {journal ? (
        <>
          <Section title={t('op.journal.kept')}>
            <Extent journal={journal} />
          </Section>
          <ReplaySection journal={journal} />
          <Rows journal={journal} />
        </>
      ) : null}
    </>
  )
}

function Extent({ journal }: { journal: Journal }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const list = (places: readonly string[]) => places.map(amount).join(', ') || '–'
  return (
    <Facts
      facts={[
        [t('op.journal.first'), amount(journal.first)],
        [t('op.journal.applied'), amount(journal.sequence)],
        [t('op.journal.durable'), amount(journal.durable)],
        [t('op.journal.snapshots'), list(journal.snapshots)],
        [t('op.journal.quarantined'), list(journal.quarantined)],
      ]}
    />
  )
}

/** Rows from a place on; without one the newest. */
function Rows({ journal }: { journal: Journal }): ReactNode {
  const { t } = useTranslation()
  const newest = Math.max(Number(journal.first), Number(journal.durable) - PAGE + 1)
  const [from, setFrom] = useState(newest)
  const [typed, setTyped] = useState('')
  const isNumber = /^[1-9]\d{0,14}$/.test(typed.trim())
  const { data, error } = useReading<JournalRow, 'x/operator/journal/rows'>(
    'x/operator/journal/rows',
    { from, limit: PAGE },
  )
  const last = data?.at(-1)
  const next = last ? Number(last.sequence) + Number(last.count) : from
  return (
    <Section
      title={t('op.journal.rows')}
      flush
      action={
        <form
          className={css.filters}
          onSubmit={(event) => {
            event.preventDefault()
            if (isNumber) setFrom(Number(typed))
          }}
        >
          <Field
            label={t('op.journal.from')}
            value={typed}
            error={typed.trim() !== '' && !isNumber && t('op.number.fault')}
            onChange={(event) => setTyped(event.target.value)}
          />
          <Button type="submit">{t('op.show')}</Button>
        </form>
      }
    >
      <ReadingProblem problem={error} />
      <JournalRows rows={data} />
      <div className={css.pages}>
        <Button
          disabled={from <= Number(journal.first)}
          onClick={() => setFrom(Math.max(Number(journal.first), from - PAGE))}
        >
          {t('op.older')}
        </Button>
        <Button disabled={next > Number(journal.durable)} onClick={() => setFrom(next)}>
          {t('op.newer')}
        </Button>
        <Button onClick={() => setFrom(newest)}>{t('op.newest')}</Button>
      </div>
    </Section>
  )
}
