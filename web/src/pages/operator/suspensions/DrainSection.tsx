import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { Facts } from '../layout/Facts'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import { paidShare } from './course'
import type { DrainLine, Waiting, WholeStop } from './rows'
import css from './WayBack.module.css'

/** Who waits, how far the drain is, what has moved since, and the suspension's history. */
export function DrainSection({ stop }: { stop: WholeStop }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const date = useDates()
  return (
    <>
      <Queue rows={stop.queue} />
      {stop.drain.commitment ? (
        <Section title={t('op.drain')} about={t('op.drain.about')}>
          {stop.drain.lines.map((line) => (
            <Progress key={`${line.ccy}/${line.chain}`} line={line} />
          ))}
          <Facts
            facts={[
              [t('op.drain.commitment'), <Hash key="c" text={stop.drain.commitment} />],
              [t('op.drain.seed'), <Hash key="s" text={stop.drain.seed} />],
            ]}
          />
        </Section>
      ) : null}
      <Flows stop={stop} />
      <Section title={t('op.proposal.course')}>
        <Facts
          facts={stop.history.map(({ state, ts }) => [word('sus.state', state), date(ts)] as const)}
        />
      </Section>
    </>
  )
}

function Hash({ text }: { text: string }): ReactNode {
  return text ? <code className={css.digest}>{text}</code> : '–'
}

function Progress({ line }: { line: DrainLine }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const name = `${line.ccy}-${line.chain}`
  return (
    <div className={css.line}>
      <span className={css.caption}>
        <b>{name}</b>
        <span>
          {t('op.drain.paid', {
            paid: Number(line.paid),
            amount: amount(line.paidAmt),
            ccy: line.ccy,
            waiting: Number(line.waiting),
          })}
        </span>
      </span>
      <progress
        className={css.progress}
        max={1}
        value={paidShare(line)}
        aria-label={t('op.drain.progress', { chain: name })}
      />
    </div>
  )
}

function Queue({ rows }: { rows: Waiting[] }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const columns: Column<Waiting>[] = [
    { id: 'chain', title: t('op.sus.line'), cell: ({ ccy, chain }) => `${ccy}-${chain}` },
    { id: 'count', title: t('op.queue.count'), number: true, cell: ({ count }) => amount(count) },
    {
      id: 'amt',
      title: t('form.size'),
      number: true,
      cell: ({ amt, ccy }) => `${amount(amt)} ${ccy}`,
    },
  ]
  return (
    <Section
      title={t('op.queue.waiting')}
      about={t('op.queue.waiting.about')}
      action={<Link to="/operator/withdrawals">{t('op.withdrawals')}</Link>}
      flush
    >
      <Table
        label={t('op.queue.waiting')}
        columns={columns}
        rows={rows}
        keyOf={({ ccy, chain }) => `${ccy}/${chain}`}
        empty={t('op.queue.none')}
        cards
      />
    </Section>
  )
}

type Flow = WholeStop['flows'][number]

function Flows({ stop }: { stop: WholeStop }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  if (stop.flows.length === 0) return null
  const columns: Column<Flow>[] = [
    { id: 'ccy', title: t('currency'), cell: ({ ccy }) => ccy },
    { id: 'in', title: t('op.flow.in'), number: true, cell: ({ grossIn }) => amount(grossIn) },
    { id: 'out', title: t('op.flow.out'), number: true, cell: ({ grossOut }) => amount(grossOut) },
    { id: 'net', title: t('op.flow.net'), number: true, cell: ({ netOut }) => amount(netOut) },
  ]
  return (
    <Section title={t('op.flows')} about={t('op.flows.about')} flush>
      <Table
        label={t('op.flows')}
        columns={columns}
        rows={stop.flows}
        keyOf={({ ccy }) => ccy}
        empty="–"
        cards
      />
    </Section>
  )
}
