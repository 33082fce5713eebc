import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { Banner } from '~/ui/Banner'
import termsCss from '../approvals/Terms.module.css'
import css from '../layout/Cells.module.css'
import { Facts } from '../layout/Facts'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { People, Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import { stopLook } from './course'
import { DrainSection } from './DrainSection'
import { GatesSection } from './GatesSection'
import { Left } from './Left'
import type { WholeStop } from './rows'
import { WayBack } from './WayBack'

const EVERY_MS = 2_000

/** One suspension: what it stops, and its way back with the evidence for it. */
export function SuspensionPage(): ReactNode {
  const { t, language } = useTranslation()
  const word = useWords()
  const { suspension } = useParams({ strict: false }) as { suspension: string }
  const { data, error } = useReading<WholeStop, 'x/operator/suspending/detail'>(
    'x/operator/suspending/detail',
    { suspension },
    EVERY_MS,
  )
  const stop = data?.[0]
  return (
    <>
      <Link to="/operator/suspensions" className={css.back}>
        ‹ {t('op.sus')}
      </Link>
      <PageHead
        title={t('op.sus.one', { number: suspension })}
        about={stop?.title[language]}
        action={
          stop ? (
            <span className={css.onGround}>
              <Badge look={stopLook(stop.state)}>{word('sus.state', stop.state)}</Badge>
            </span>
          ) : null
        }
      />
      <ReadingProblem problem={error} />
      {!stop && !error ? <p className="muted">{t('loading')}</p> : null}
      {stop ? <Whole stop={stop} /> : null}
    </>
  )
}

function Whole({ stop }: { stop: WholeStop }): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      {stop.isOverdue ? (
        <Banner role="alert">
          <span>
            <b>{t('op.sus.overdue')}</b> {t('op.sus.overdue.about')}
          </span>
        </Banner>
      ) : null}
      <WayBack stop={stop} />
      <Section title={t('op.sus.terms')}>
        <Terms stop={stop} />
      </Section>
      {stop.gates.length > 0 ? <GatesSection stop={stop} /> : null}
      <DrainSection stop={stop} />
    </>
  )
}

function Terms({ stop }: { stop: WholeStop }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const date = useDates()
  const amount = useAmounts()
  const where = [word('sus.level', stop.level), stop.ccy, stop.chain].filter(Boolean).join(' · ')
  const caps = [
    stop.capUsd ? `${amount(stop.capUsd)} USD` : '',
    stop.capAmt ? `${amount(stop.capAmt)} ${stop.ccy}` : '',
  ].filter(Boolean)
  return (
    <Facts
      facts={[
        [t('op.sus.actions'), stop.actions.map((each) => word('action', each)).join(', ')],
        [t('op.level'), stop.key === '0' ? where : `${where} ${stop.key}`],
        [t('op.sus.mode'), word('sus.mode', stop.mode)],
        ...(caps.length > 0 ? ([[t('op.sus.caps'), caps.join(' · ')]] as const) : []),
        [t('op.sus.reason'), word('sus.reason', stop.reason)],
        [t('op.sus.by'), <By key="by" stop={stop} />],
        [t('op.sus.others'), <Left key="left" stop={stop} />],
        [t('op.approvedBy'), <People key="approvals" voices={stop.approvals} />],
        [t('op.sus.since'), date(stop.beginTs)],
        [t('op.sus.expected'), <ExpectedAt key="expected" stop={stop} />],
        [
          t('op.note'),
          <span key="note" className={termsCss.text}>
            {stop.note || '–'}
          </span>,
        ],
      ]}
    />
  )
}

/** The time that was told; one that has passed is said as such. */
function ExpectedAt({ stop }: { stop: WholeStop }): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  return (
    <>
      {date(stop.estOpenTs)} {stop.isLate ? <Badge look="bad">{t('op.sus.late')}</Badge> : null}
    </>
  )
}

function By({ stop }: { stop: WholeStop }): ReactNode {
  const word = useWords()
  return stop.trigger ? word('sus.trigger', stop.trigger) : <Uid uid={stop.uid} />
}
