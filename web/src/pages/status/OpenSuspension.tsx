import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { hasPassed } from './Expected'
import css from './StatusPage.module.css'
import { type Gate, type Suspension, type SuspensionDetail, useSuspension } from './suspensions'

const LEAVING = ['withdraw', 'api_withdraw']

/** One suspension: how far its reopening is, what was shown for it, and who waits. */
export function OpenSuspension({ row }: { row: Suspension }): ReactNode {
  const { t, language } = useTranslation()
  const date = useDates()
  const detail = useSuspension(row.suspension)
  const isLate = row.isLate || hasPassed(row.estOpenTs, Date.now())
  const leaves = row.actions.some((each) => LEAVING.includes(each))
  const facts = [
    [t('status.state'), t(`status.state.${row.state}`)],
    [t('status.since'), date(row.beginTs)],
    [t('status.until'), isLate ? t('status.late') : date(row.estOpenTs, t('status.noEstimate'))],
  ] as const
  return (
    <Section title={row.title[language]}>
      <dl className={css.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {detail?.gates.length ? <Gates gates={detail.gates} leaves={leaves} /> : null}
      {leaves && detail?.queue.length ? <Queue detail={detail} /> : null}
      {detail?.drain.lines.map((line) => (
        <Drain key={`${line.ccy} ${line.chain}`} line={line} />
      ))}
    </Section>
  )
}

function Gates({ gates, leaves }: { gates: Gate[]; leaves: boolean }): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <h3 className={css.sub}>{t(leaves ? 'status.gates' : 'status.gates.other')}</h3>
      <ol className={css.gates}>
        {gates.map(({ gate, name, state }) => (
          <li key={gate}>
            <span>{t(`status.gate.${name}` as 'status.gate.coverage')}</span>
            <Badge look={state === 'passed' ? 'good' : 'plain'}>{t(`status.shown.${state}`)}</Badge>
          </li>
        ))}
      </ol>
    </>
  )
}

function Queue({ detail }: { detail: SuspensionDetail }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  return (
    <>
      <h3 className={css.sub}>{t('status.queue')}</h3>
      <ul>
        {detail.queue.map(({ chain, ccy, count, amt }) => (
          <li key={`${ccy} ${chain}`}>
            {t('status.waiting', { count: Number(count), amount: amount(amt), ccy, chain })}
          </li>
        ))}
      </ul>
    </>
  )
}

/** How much of a queue is paid. */
function Drain({ line }: { line: SuspensionDetail['drain']['lines'][number] }): ReactNode {
  const { t } = useTranslation()
  const { ccy, chain, paid, waiting } = line
  const all = Number(paid) + Number(waiting)
  const words = `${ccy} · ${chain}: ${t('status.drained', { paid, all: String(all) })}`
  return (
    <p className={css.drain}>
      <progress value={Number(paid)} max={Math.max(1, all)} aria-label={words} />
      <span>{words}</span>
    </p>
  )
}
