import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { Form } from '~/pages/account/form/Form'
import { useForm } from '~/pages/account/form/useForm'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { Field } from '~/ui/Field'
import { type Column, Table } from '~/ui/Table'
import { Facts } from '../layout/Facts'
import { ReadingProblem } from '../layout/ReadingProblem'
import { OPERATOR, useReading } from '../layout/reading'
import { useWords } from '../layout/words'
import type { Journal, Replay } from '../rows'
import { useTranslation } from '../texts'
import css from './Journal.module.css'
import { shareOf } from './progress'

const EVERY_MS = 1_000

/** Replays the log to a sequence beside the exchange, and shows what it came to. */
export function ReplaySection({ journal }: { journal: Journal }): ReactNode {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { data, error } = useReading<Replay, 'x/operator/journal/replay'>(
    'x/operator/journal/replay',
    {},
    EVERY_MS,
  )
  const form = useForm({
    initial: { sequence: journal.durable },
    check: ({ sequence }) =>
      /^[1-9]\d{0,14}$/.test(sequence.trim()) ? {} : { sequence: 'op.number.fault' },
    send: async ({ sequence }) => {
      await rest.post('x/operator/journal/replay', { sequence: sequence.trim() })
      await client.invalidateQueries({ queryKey: [OPERATOR, 'x/operator/journal/replay'] })
    },
  })
  const replay = data?.[0]
  return (
    <Section title={t('op.replay')} about={t('op.replay.about')}>
      <div className={css.replay}>
        <div className={css.form}>
          <Form form={form} submit={t('op.replay.start')}>
            <Field {...form.bind('sequence')} label={t('op.replay.to')} inputMode="numeric" />
          </Form>
        </div>
        <ReadingProblem problem={error} />
        {replay ? <Outcome replay={replay} /> : null}
      </div>
    </Section>
  )
}

function Outcome({ replay }: { replay: Replay }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const date = useDates()
  const look = { running: 'plain', done: 'good', failed: 'bad' } as const
  const isWhole = replay.snapshots.every(({ equal }) => equal)
  return (
    <>
      <progress
        className={css.progress}
        max={1}
        value={shareOf(replay)}
        aria-label={t('op.replay.progress')}
      />
      <Facts
        facts={[
          [
            t('op.state'),
            <span key="state" role="status">
              <Badge look={look[replay.state]}>{word('replay', replay.state)}</Badge>
            </span>,
          ],
          [t('op.replay.reached'), `${amount(replay.reached)} / ${amount(replay.target)}`],
          [t('op.replay.from'), amount(replay.from)],
          [t('op.started'), date(replay.startedTs)],
          [t('op.replay.ended'), date(replay.endedTs)],
          [
            t('op.replay.snapshots'),
            replay.snapshots.length === 0 ? (
              '–'
            ) : (
              <Badge key="whole" look={isWhole ? 'good' : 'bad'}>
                {t(isWhole ? 'op.replay.equal' : 'op.replay.differs', {
                  count: replay.snapshots.length,
                })}
              </Badge>
            ),
          ],
        ]}
      />
      {replay.message ? <p role="alert">{replay.message}</p> : null}
      {replay.components.length > 0 ? <Components rows={replay.components} /> : null}
    </>
  )
}

type Component = Replay['components'][number]

function Components({ rows }: { rows: Component[] }): ReactNode {
  const { t } = useTranslation()
  const columns: Column<Component>[] = [
    { id: 'name', title: t('op.replay.component'), cell: ({ name }) => name },
    {
      id: 'hash',
      title: t('op.replay.hash'),
      cell: ({ hash }) => <code title={hash}>{hash.slice(0, 16)}…</code>,
    },
  ]
  return (
    <Table
      label={t('op.replay.component')}
      columns={columns}
      rows={rows}
      keyOf={({ name }) => name}
      empty="–"
      cards
    />
  )
}
