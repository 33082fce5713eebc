import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { PageHead, Section } from '~/pages/account/layout/Section'
import css from '../layout/Cells.module.css'
import { useMoments } from '../layout/moments'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import type { Command } from '../rows'
import { useTranslation } from '../texts'
import { FieldList } from './FieldList'
import listCss from './FieldList.module.css'
import { Postings } from './Postings'

/** One command of the journal, with every event and posting that it caused. */
export function CommandPage(): ReactNode {
  const { t } = useTranslation()
  const { sequence } = useParams({ strict: false }) as { sequence: string }
  const date = useMoments()
  const { data, error, isFetching } = useReading<Command, 'x/operator/command'>(
    'x/operator/command',
    { sequence },
  )
  const command = data?.[0]
  return (
    <>
      <Link to="/operator/journal" className={css.back}>
        ‹ {t('op.journal')}
      </Link>
      <PageHead
        title={t('op.command.one', { sequence })}
        about={
          command ? (
            <>
              <b>{command.command}</b> · {date(command.ts)} <Cause command={command} />
            </>
          ) : null
        }
      />
      <ReadingProblem problem={error} />
      {!command && isFetching ? (
        <p className="muted" role="status">
          {t('op.command.replaying')}
        </p>
      ) : null}
      {command ? <Whole command={command} /> : null}
    </>
  )
}

/** The command that a command of the exchange itself follows from. */
function Cause({ command }: { command: Command }): ReactNode {
  const { t } = useTranslation()
  const { cause } = command.fields
  if (typeof cause !== 'string' || !/^[1-9]\d*$/.test(cause)) return null
  return (
    <>
      · <Link to={`/operator/commands/${cause}`}>{t('op.command.cause', { sequence: cause })}</Link>
    </>
  )
}

function Whole({ command }: { command: Command }): ReactNode {
  const { t } = useTranslation()
  const { fields, postings, events } = command
  // Events have no name of their own; their place among the command's is one.
  const placed = events.map((one, at) => ({ ...one, place: `${at}` }))
  return (
    <>
      <Section title={t('op.fields')}>
        <FieldList fields={fields} />
      </Section>
      <Section title={t('op.postings')} about={t('op.postings.about')} flush>
        <Postings rows={postings} posted />
      </Section>
      <Section title={t('op.events')}>
        <div className={listCss.events}>
          {placed.map(({ place, event, fields: its }) => (
            <details key={place} className={listCss.event}>
              <summary>{event}</summary>
              <FieldList fields={its} />
            </details>
          ))}
        </div>
      </Section>
    </>
  )
}
