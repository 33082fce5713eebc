import type { ReactNode } from 'react'
import { useDates } from '~/pages/account/layout/dates'
import type { Column } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import { ReadingSection } from '../layout/ReadingSection'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import type { Missing, Quorum } from './rows'

const EVERY_MS = 5_000

/** Each quorum: how many could be lost more, who is missing, and what is to be done. */
export function LivenessSection(): ReactNode {
  const { t } = useTranslation()
  return (
    <ReadingSection<Quorum>
      title={t('op.liveness')}
      about={t('op.liveness.about')}
      action={<Act label={t('op.away')}>{(close) => <AwayDialog onClose={close} />}</Act>}
      path="x/operator/liveness"
      every={EVERY_MS}
      columns={useColumns()}
      keyOf={({ quorum }) => quorum}
      none={t('op.liveness.none')}
    />
  )
}

function useColumns(): Column<Quorum>[] {
  const { t } = useTranslation()
  const word = useWords()
  return [
    {
      id: 'role',
      title: t('op.quorum'),
      cell: ({ role, quorum }) => (
        <span>
          <b>{word('quorumRole', role)}</b> <span className="muted">{quorum}</span>
        </span>
      ),
    },
    {
      id: 'colour',
      title: t('op.state'),
      cell: ({ colour }) => (
        <span className={css.colour} data-colour={colour}>
          {word('colour', colour)}
        </span>
      ),
    },
    {
      id: 'of',
      title: t('op.quorum.of'),
      cell: ({ threshold, holders }) => t('op.quorum.needs', { threshold, holders }),
    },
    { id: 'margin', title: t('op.margin'), number: true, cell: ({ margin }) => margin },
    { id: 'people', title: t('op.quorum.people'), cell: ({ people }) => <People rows={people} /> },
    { id: 'missing', title: t('op.missing'), cell: ({ missing }) => <Silent rows={missing} /> },
    {
      id: 'actions',
      title: t('op.toDo'),
      cell: ({ actions }) => (
        <span className={css.lines}>
          {actions.length > 0
            ? actions.map((one) => <span key={one}>{word('toDo', one)}</span>)
            : '–'}
        </span>
      ),
    },
  ]
}

/** By number, as an absence names them, each with its last answer. */
function People({ rows }: { rows: Quorum['people'] }): ReactNode {
  const date = useDates()
  return (
    <span className={css.lines}>
      {rows.map(({ person, answeredTs }) => (
        <span key={person}>
          <b>{person}</b> <span className="muted">{date(answeredTs)}</span>
        </span>
      ))}
    </span>
  )
}

function Silent({ rows }: { rows: readonly Missing[] }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const date = useDates()
  if (rows.length === 0) return '–'
  return (
    <span className={css.lines}>
      {rows.map(({ person, sinceTs, announced, alarm }) => (
        <span key={person}>
          {t(announced ? 'op.missing.away' : 'op.missing.silent', { person })} {date(sinceTs)}
          {alarm ? <b className={css.break}> {word('alarm', alarm)}</b> : null}
        </span>
      ))}
    </span>
  )
}

/** A planned absence; it counts as missing. */
function AwayDialog({ onClose }: { onClose(): void }): ReactNode {
  const { t } = useTranslation()
  return (
    <ActDialog
      title={t('op.away')}
      about={t('op.away.about')}
      path="x/operator/liveness/away"
      fields={[
        { name: 'person', label: t('op.away.person') },
        { name: 'fromTs', label: t('op.audit.from'), kind: 'moment', isOptional: true },
        {
          name: 'untilTs',
          label: t('op.audit.to'),
          hint: t('op.away.hint'),
          kind: 'moment',
          isOptional: true,
        },
      ]}
      deed={t('op.away.deed')}
      onClose={onClose}
      onDone={() => toast(t('op.away.done'), 'good')}
    />
  )
}
