import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import cellsCss from '../layout/Cells.module.css'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useWords } from '../layout/words'
import type { Overview, Projection, Sample } from '../rows'
import { useTranslation } from '../texts'
import { LivePlot, type LivePlotProps } from './LivePlot'
import css from './Overview.module.css'
import { bytesText, countText, microsText, rateText } from './plot'
import { useSeries } from './series'

const EVERY_MS = 2_000

/** How the exchange is at this moment, and was in the last ten minutes. */
export function OverviewPage(): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const overview = useReading<Overview, 'x/operator/overview'>('x/operator/overview', {}, EVERY_MS)
  const series = useSeries()
  const now = overview.data?.[0]
  const problem = series.error ?? overview.error
  const isStale = Boolean(problem) || overview.failureCount > 0
  const state = now ? (
    <span className={cellsCss.onGround} data-stale={isStale || undefined}>
      <Badge look={now.state === 'running' ? 'good' : 'bad'}>{word('health', now.state)}</Badge>
    </span>
  ) : null
  return (
    <>
      <PageHead title={t('op.overview')} about={t('op.overview.about')} action={state} />
      <ReadingProblem problem={problem} />
      <div data-stale={isStale || undefined}>{now ? <Figures now={now} /> : null}</div>
      <div className={css.plots} data-stale={isStale || undefined}>
        <Plots samples={series.data ?? []} />
      </div>
      {now ? <Projections rows={now.projections} isStale={isStale} /> : null}
    </>
  )
}

/** An alarm: each with what is wrong and how often it was tried. */
function Unvetted({ now }: { now: Overview }): ReactNode {
  return (
    <span role="alert">
      {now.unvetted.map(({ wdId, problem, times }) => (
        <Link key={wdId} to={`/operator/withdrawals/${wdId}`} title={problem}>
          …{wdId.slice(-6)} ({times}){' '}
        </Link>
      ))}
    </span>
  )
}

/** An alarm: chains that nothing is paid on, each with what is wrong. */
function Unpaid({ now }: { now: Overview }): ReactNode {
  const { t } = useTranslation()
  return (
    <span role="alert">
      {now.unpaid.map(({ network, problem, why }) => (
        <span key={network}>
          {t(why === 'restored' ? 'op.unpaid.restored' : 'op.unpaid.fault', { network })}{' '}
          <small lang="en">{problem}</small>{' '}
        </span>
      ))}
    </span>
  )
}

/** An alarm: payments that wait for signers, with what those say. */
function Unsigned({ now }: { now: Overview }): ReactNode {
  return (
    <span role="alert">
      {now.unsigned.map(({ network, payments, problem }) => (
        <span key={network}>
          {network} ({payments}): <small lang="en">{problem}</small>{' '}
        </span>
      ))}
    </span>
  )
}

/** An alarm: tokens whose issuer paused them or stopped lanes. */
function Halted({ now }: { now: Overview }): ReactNode {
  const { t } = useTranslation()
  const names = now.halted.map(({ chain, lanes, able }) =>
    t(able === '0' ? 'op.halted.all' : 'op.halted.some', { chain, lanes: lanes.join(', ') }),
  )
  return <span role="alert">{names.join('; ')}</span>
}

/** An alarm: certificates that are to be renewed, with their last days. */
function Ending({ rows }: { rows: Overview['certificates'] }): ReactNode {
  const date = useDates()
  return (
    <span role="alert">
      {rows.map(({ name, endsTs }) => (
        <span key={name}>
          {name}: {date(endsTs)}{' '}
        </span>
      ))}
    </span>
  )
}

/** An alarm: refills of hot whose gas nobody can pay, with the worker's own words. */
function GasShort({ now }: { now: Overview }): ReactNode {
  return (
    <span role="alert">
      {now.gasShort.map(({ network, problem }) => (
        <span key={network}>
          {network}: <small lang="en">{problem}</small>{' '}
        </span>
      ))}
    </span>
  )
}

/** An alarm: fees that the ledger lacks, each with the command that tells it. */
function Charges({ now }: { now: Overview }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  return (
    <span role="alert">
      {now.charges.map(({ network, tier, ccy, amt, command }) => (
        <span key={command}>
          {t('op.charges.one', {
            network,
            tier: word('tierName', tier),
            amount: amount(amt),
            ccy,
          })}{' '}
          <code>{command}</code>{' '}
        </span>
      ))}
    </span>
  )
}

/** An alarm: what a Safe's owners announced to its guard, which lets it through from then on. */
function Announcements({ now }: { now: Overview }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const date = useDates()
  const said = ({ what, address, ccy, amt }: Overview['announcements'][number]): string => {
    if (what === 'limit' && ccy !== '') return `${amount(amt)} ${ccy}`
    return what === 'limit' ? `${amt} (${address})` : address || t('op.guardAnnounced.none')
  }
  return (
    <span role="alert">
      {now.announcements.map((one) => (
        <span key={`${one.safe} ${one.what} ${one.address}`}>
          {t('op.guardAnnounced.one', {
            network: one.network,
            tier: word('tierName', one.tier),
            safe: one.safe,
            what: word('guardAnnounced', one.what),
            said: said(one),
          })}{' '}
          {date(one.fromTs)}{' '}
        </span>
      ))}
    </span>
  )
}

function Figures({ now }: { now: Overview }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const date = useDates()
  const ending = now.certificates.filter(({ due }) => due)
  const lag = Number(now.sequence) - Number(now.durable)
  const facts = [
    [t('op.sequence'), <span key="s">{amount(now.sequence)}</span>],
    [t('op.durableLag'), amount(String(lag))],
    [t('op.openOrders'), amount(now.openOrders)],
    [t('op.queued'), amount(now.queued)],
    [t('op.refused'), amount(now.refused)],
    [
      t('op.waiting'),
      <Link key="w" to="/operator/approvals">
        {now.openProposals}
      </Link>,
    ],
    ...(now.unvetted.length > 0
      ? [[t('op.unvetted'), <Unvetted key="u" now={now} />] as const]
      : []),
    ...(now.unpaid.length > 0 ? [[t('op.unpaid'), <Unpaid key="n" now={now} />] as const] : []),
    ...(now.unsigned.length > 0
      ? [[t('op.unsigned'), <Unsigned key="i" now={now} />] as const]
      : []),
    ...(now.halted.length > 0 ? [[t('op.halted'), <Halted key="h" now={now} />] as const] : []),
    ...(ending.length > 0 ? [[t('op.ending'), <Ending key="c" rows={ending} />] as const] : []),
    ...(now.gasShort.length > 0
      ? [[t('op.gasShort'), <GasShort key="g" now={now} />] as const]
      : []),
    ...(now.charges.length > 0 ? [[t('op.charges'), <Charges key="f" now={now} />] as const] : []),
    ...(now.announcements.length > 0
      ? [[t('op.guardAnnounced'), <Announcements key="a" now={now} />] as const]
      : []),
    [t('op.childRestarts'), now.childRestarts],
    [t('op.started'), date(now.startedTs)],
    [t('op.exchangeTime'), date(now.exchangeTs)],
  ] as const
  return (
    <dl className={css.figures}>
      {facts.map(([name, value]) => (
        <div key={name} className={css.figure}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

type Plot = Omit<LivePlotProps, 'samples'>

function Plots({ samples }: { samples: readonly Sample[] }): ReactNode {
  return usePlots().map((plot) => <LivePlot key={plot.title} {...plot} samples={samples} />)
}

function usePlots(): Plot[] {
  const { t } = useTranslation()
  return useMemo(() => {
    const plot = (title: string, format: Plot['format'], ...lines: [keyof Sample, string][]) => ({
      title,
      format,
      lines: lines.map(([field, name]) => ({ field, name })),
    })
    return [
      plot(
        t('op.plot.rates'),
        rateText,
        ['commandsPerS', t('op.plot.commands')],
        ['requestsPerS', t('op.plot.requests')],
      ),
      plot(
        t('op.plot.latency'),
        microsText,
        ['orderP50Us', 'p50'],
        ['orderP95Us', 'p95'],
        ['orderP99Us', 'p99'],
      ),
      plot(
        t('op.plot.lags'),
        countText,
        ['journalLag', t('op.plot.journal')],
        ['recordsLag', t('op.plot.records')],
        ['marketLag', t('op.plot.market')],
      ),
      plot(
        t('op.plot.errors'),
        rateText,
        ['refusalsPerS', t('op.plot.refusals')],
        ['errorsPerS', t('op.plot.failures')],
      ),
      plot(
        t('op.plot.memory'),
        bytesText,
        ['memoryBytes', t('op.plot.process')],
        ['coreBytes', t('op.plot.core')],
      ),
      plot(
        t('op.plot.connections'),
        countText,
        ['restConnections', 'REST'],
        ['wsConnections', 'WebSocket'],
      ),
      plot(t('op.plot.disk'), bytesText, ['diskFreeBytes', t('op.plot.free')]),
      plot(t('op.plot.data'), bytesText, ['dataBytes', t('op.plot.used')]),
    ]
  }, [t])
}

function Projections({ rows, isStale }: { rows: Projection[]; isStale: boolean }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const columns: Column<Projection>[] = [
    { id: 'name', title: t('op.projection'), cell: ({ name }) => word('projection', name) },
    {
      id: 'sequence',
      title: t('op.sequence'),
      number: true,
      cell: ({ sequence }) => amount(sequence),
    },
    { id: 'lag', title: t('op.lag'), number: true, cell: ({ lag }) => amount(lag) },
  ]
  return (
    <div data-stale={isStale || undefined}>
      <Section title={t('op.projections')} about={t('op.projections.about')} flush>
        <Table
          label={t('op.projections')}
          columns={columns}
          rows={rows}
          keyOf={({ name }) => name}
          empty="–"
          cards
        />
      </Section>
    </div>
  )
}
