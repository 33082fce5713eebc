import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { ByThemselves } from './ByThemselves'
import { Margins } from './Margins'
import { Named } from './Named'
import { OpenSuspension } from './OpenSuspension'
import css from './StatusPage.module.css'
import { type Suspension, usePast, usePlanned, useStopped } from './suspensions'
import { Unwell } from './Unwell'
import { Windows } from './Windows'
import { useWorks } from './works'

const FEEDS = [
  ['RSS', '/status.rss'],
  ['Atom', '/status.atom'],
  ['JSON', '/status.json'],
] as const

/** For everybody: what is suspended and why, what goes on, and what was. */
export function StatusPage(): ReactNode {
  const { t } = useTranslation()
  const stopped = useStopped()
  const works = useWorks(stopped)
  const open = stopped?.suspensions ?? []
  const unwell = stopped?.unwell ?? []
  return (
    <div className={css.page}>
      <PageHead title={t('status.title')} about={t('status.about')} />
      {stopped ? (
        <div
          className={css.verdict}
          data-good={open.length === 0 && unwell.length === 0}
          role="status"
        >
          <p className={css.sentence}>
            {open.length ? `${t('status.some', { count: open.length })} ` : null}
            {unwell.length ? t('status.unwell.some', { chains: unwell.join(', ') }) : null}
            {open.length || unwell.length ? null : t('status.allWell')}
          </p>
          {works ? <p>{t('status.works', { works })}</p> : null}
        </div>
      ) : (
        <p className="muted">{t('loading')}</p>
      )}
      <PlannedStop />
      <Windows />
      <Unwell />
      {open.map((each) => (
        <Named key={each.suspension} id={each.suspension}>
          <OpenSuspension row={each} />
        </Named>
      ))}
      <ByThemselves />
      <Margins />
      <Section title={t('status.past')} flush action={<Feeds />}>
        <Past />
      </Section>
    </div>
  )
}

function PlannedStop(): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  const planned = usePlanned()
  if (!planned) return null
  const { begin, end } = planned
  return (
    <Section title={t('status.planned')} about={t('status.planned.about')}>
      <dl className={css.facts}>
        <div>
          <dt>{t('status.since')}</dt>
          <dd>{date(begin)}</dd>
        </div>
        <div>
          <dt>{t('status.until')}</dt>
          <dd>{end ? date(end) : t('status.planned.unknown')}</dd>
        </div>
      </dl>
    </Section>
  )
}

function Feeds(): ReactNode {
  return FEEDS.map(([name, path]) => (
    <a key={name} href={path} className={css.feed}>
      {name}
    </a>
  ))
}

function Past(): ReactNode {
  const { t, language } = useTranslation()
  const date = useDates()
  const rows = usePast()
  const columns: Column<Suspension>[] = [
    {
      id: 'what',
      title: t('status.what'),
      cell: ({ title, suspension }) => (
        <Named id={suspension} className={css.what}>
          {title[language]}
        </Named>
      ),
    },
    { id: 'from', title: t('status.since'), cell: ({ beginTs }) => date(beginTs) },
    { id: 'to', title: t('status.until'), cell: ({ endTs }) => date(endTs) },
  ]
  return (
    <Table
      label={t('status.past')}
      columns={columns}
      rows={rows ?? []}
      keyOf={({ suspension }) => suspension}
      empty={t(rows ? 'status.noPast' : 'loading')}
      cards
    />
  )
}
