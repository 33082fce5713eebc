import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import cells from '../layout/Cells.module.css'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import css from './Custody.module.css'
import { breaks, isOld, worthShowing } from './numbers'
import { Blindness, Unmeasured } from './ReconciliationSummary'
import type { Compared, Reconciliation } from './rows'

/** Of a transaction's hash. */
const SHOWN = 12

/** One network's last comparison, line by line; breaks stand first. */
export function OneNetwork(props: { found: Reconciliation; nowMs: number }): ReactNode {
  const { found, nowMs } = props
  const { t } = useTranslation()
  const date = useDates()
  const word = useWords()
  const amount = useAmounts()
  const broken = breaks(found.lines)
  const isNow = found.state === 'compared'
  return (
    <Section
      title={t('op.reconciliation.of', { network: found.network })}
      about={
        <>
          {found.ts ? (
            <span>
              {t('op.custody.block', { height: amount(found.height) })} · {date(found.ts)}
            </span>
          ) : (
            t('op.reconciliation.never')
          )}
          {isNow || !found.problem ? null : <Why text={<Blindness found={found} />} />}
          {found.uncompared ? <Why text={<Unmeasured found={found} />} /> : null}
          {found.callsLost ? (
            <Why text={t('op.reconciliation.callsLost', lostOf(found.callsLost))} />
          ) : null}
          {found.refused.map(({ ccy, amt, txId, code, isFinal }) => (
            <Why
              key={txId}
              text={t(isFinal ? 'op.reconciliation.refused' : 'op.reconciliation.refusedYet', {
                amount: amount(amt),
                ccy,
                transaction: `${txId.slice(0, SHOWN)}…`,
                code,
              })}
            />
          ))}
          {found.uncharged.map(({ tier, ccy, amt, txId, command, due }) => (
            <Why
              key={txId}
              text={t(due ? 'op.reconciliation.charge' : 'op.reconciliation.uncharged', {
                amount: amount(amt),
                ccy,
                tier: word('tierName', tier),
                command,
              })}
            />
          ))}
          {found.announced.length > 0 ? <Why text={t('op.reconciliation.announced')} /> : null}
        </>
      }
      action={
        <span role="status" className={cells.words}>
          {isOld(found, nowMs) ? <Badge look="bad">{t('op.reconciliation.old')}</Badge> : null}
          {found.state === 'unknown' ? (
            <Badge look={found.alarm ? 'bad' : 'plain'}>
              {t('op.reconciliation.unknown', { count: Number(found.blocks) })}
            </Badge>
          ) : null}
          {found.refused.some(({ isFinal }) => isFinal) ? (
            <Badge look="bad">{t('op.reconciliation.refusedBadge')}</Badge>
          ) : null}
          {found.uncharged.some(({ due }) => due) ? (
            <Badge look="bad">{t('op.charges')}</Badge>
          ) : null}
          {isNow || broken.length > 0 ? (
            <Badge look={broken.length > 0 ? 'bad' : 'good'}>
              {t('op.reconciliation.breaks', { count: broken.length })}
            </Badge>
          ) : null}
        </span>
      }
      flush
    >
      <Table
        label={t('op.reconciliation.of', { network: found.network })}
        columns={useCompared()}
        rows={worthShowing(found.lines)}
        keyOf={({ tier, ccy }) => `${tier}/${ccy}`}
        empty="–"
        cards
      />
    </Section>
  )
}

function lostOf(lost: NonNullable<Reconciliation['callsLost']>) {
  return { count: Number(lost.blocks), from: lost.from, to: lost.to }
}

function Why({ text }: { text: ReactNode }): ReactNode {
  return <span> · {text}</span>
}

function useCompared(): Column<Compared>[] {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  return [
    {
      id: 'tier',
      title: t('op.tierColumn'),
      cell: ({ tier, ccy }) => (
        <span>
          <b>{ccy}</b> {word('tierName', tier)}
        </span>
      ),
    },
    {
      id: 'ledger',
      title: t('op.ledger'),
      number: true,
      detail: true,
      cell: ({ ledger }) => amount(ledger),
    },
    {
      id: 'chain',
      title: t('op.onChain'),
      number: true,
      detail: true,
      cell: ({ chain }) => amount(chain),
    },
    {
      id: 'allowed',
      title: t('op.allowed'),
      number: true,
      detail: true,
      cell: ({ lowest, highest }) => `${amount(lowest)} – ${amount(highest)}`,
    },
    {
      id: 'difference',
      title: t('op.difference'),
      number: true,
      cell: ({ difference }) => (
        <span className={Number(difference) ? css.break : undefined}>{amount(difference)}</span>
      ),
    },
    {
      id: 'stopped',
      title: t('op.stoppedBy'),
      detail: true,
      cell: ({ suspension }) =>
        suspension ? (
          <Link to={`/operator/suspensions/${suspension}`} className={cells.long}>
            {t('op.sus.one', { number: suspension })}
          </Link>
        ) : (
          '–'
        ),
    },
  ]
}
