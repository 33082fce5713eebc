import type { ReactNode } from 'react'
import type { PostName } from '~/api/rest'
import { useAmounts } from '~/pages/account/layout/amounts'
import { useDates } from '~/pages/account/layout/dates'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog, type ActField } from '../layout/ActDialog'
import { localOf } from '../layout/actFields'
import { useReading } from '../layout/reading'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import type { Withdrawal } from '../withdrawals/rows'
import { BudgetFields, BudgetTable, BudgetTotals } from './BudgetTable'
import { areRight, offered, withTyped } from './budgets'
import { type Deed, lacksOf } from './course'
import type { Stop, WholeStop } from './rows'
import css from './WayBack.module.css'

interface DeedProps {
  deed: Deed
  stop: WholeStop
  isNext: boolean
}

const STOPS: readonly Deed[] = ['fall', 'discard']
const WITH_BUDGETS: readonly Deed[] = ['plan', 'sign-off']

/** A button for one of the acts on a suspension. */
export function DeedButton({ deed, stop, isNext }: DeedProps): ReactNode {
  const { t } = useTranslation()
  const look = isNext || deed === 'ratify' ? 'primary' : STOPS.includes(deed) ? 'danger' : 'plain'
  return (
    <Act label={t(`op.sus.deed.${deed}`)} look={look}>
      {(close) => <DeedDialog deed={deed} stop={stop} onClose={close} />}
    </Act>
  )
}

interface DialogProps {
  deed: Deed
  stop: WholeStop
  onClose(): void
}

function DeedDialog(props: DialogProps): ReactNode {
  const fields = useDeedFields(props.deed, props.stop)
  return props.deed === 'canary' ? (
    <CanaryDialog {...props} />
  ) : (
    <PlainDialog {...props} fields={fields} />
  )
}

/** One of the queue, to be paid first. */
function CanaryDialog(props: DialogProps): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  const { data } = useReading<Withdrawal, 'x/operator/withdrawals'>('x/operator/withdrawals', {
    queue: 'queued',
  })
  if (!data) return null
  const options = data
    .filter((one) => isWithin(one, props.stop))
    .map(
      (one) => [one.wdId, `${one.chain}: ${amount(one.amt)} ${one.ccy} · UID ${one.uid}`] as const,
    )
  const field: ActField = {
    name: 'wdId',
    label: t('op.sus.canary.which'),
    hint: t(options.length > 0 ? 'op.sus.canary.hint' : 'op.sus.canary.none'),
    options,
  }
  return <PlainDialog {...props} fields={[field]} />
}

/** A scope names a network (Bitcoin), a currency, or both. */
function isWithin({ chain, ccy }: Withdrawal, stop: Stop): boolean {
  const hasNetwork = !stop.chain || chain.endsWith(`-${stop.chain}`)
  return hasNetwork && (!stop.ccy || stop.ccy === ccy)
}

function PlainDialog(props: DialogProps & { fields: readonly ActField[] }): ReactNode {
  const { t } = useTranslation()
  const { deed, stop, fields, onClose } = props
  return (
    <ActDialog<WholeStop>
      title={t(`op.sus.deed.${deed}`)}
      about={t(`op.sus.deedAbout.${deed}`)}
      path={`x/operator/suspending/${deed}` as PostName}
      fixed={{ suspension: stop.suspension, ...agreedTo(deed, stop) }}
      fields={fields}
      deed={t(`op.sus.deed.${deed}`)}
      look={STOPS.includes(deed) ? 'danger' : 'primary'}
      wide={stop.lines.length > 0 && WITH_BUDGETS.includes(deed)}
      preview={deed === 'plan' ? (typed) => <Planned stop={stop} typed={typed} /> : undefined}
      onClose={onClose}
      onDone={() => toast(t('op.sus.done'), 'good')}
    >
      <LacksList deed={deed} stop={stop} />
      {deed === 'sign-off' && stop.lines.length > 0 ? (
        <BudgetTable lines={stop.lines} intervalMs={stop.drain.intervalMs} />
      ) : null}
    </ActDialog>
  )
}

/** What comes of the budgets as they are typed. */
function Planned({ stop, typed }: { stop: WholeStop; typed: Record<string, string> }): ReactNode {
  if (stop.lines.length === 0) return null
  const lines = withTyped(stop.lines, typed.budgets ?? '')
  return <BudgetTotals lines={lines} intervalMs={typed.intervalMs ?? ''} />
}

/** What would have the exchange refuse the deed now. */
function LacksList({ deed, stop }: Omit<DeedProps, 'isNext'>): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const date = useDates()
  const { gates, needsSignOffs, chains } = lacksOf(deed, stop)
  if (gates.length === 0 && !needsSignOffs && chains.length === 0) return null
  const counts = { given: stop.signOffUids.length, needed: stop.signOffsNeeded }
  return (
    <ul className={css.lacks}>
      {gates.map(({ gate, name, state, passesTs }) => (
        <li key={gate}>
          <b>{gate}</b> {word('gate', name)}: {word('gateState', state)} {date(passesTs, '')}
        </li>
      ))}
      {needsSignOffs ? <li>{t('op.sus.lacks.signOffs', counts)}</li> : null}
      {chains.length > 0 ? (
        <li>{t('op.sus.lacks.canaries', { chains: chains.join(', ') })}</li>
      ) : null}
    </ul>
  )
}

/** A sign-off is of the plan, and of the evidence, that its giver saw. */
function agreedTo(deed: Deed, stop: WholeStop): { plannedTs?: string; shown?: string } {
  return deed === 'sign-off' ? { plannedTs: stop.plannedTs, shown: stop.shown } : {}
}

function useDeedFields(deed: Deed, stop: WholeStop): ActField[] {
  const { t } = useTranslation()
  const opens: ActField = {
    name: 'estOpenTs',
    label: t('op.sus.expected'),
    kind: 'moment',
    initial: localOf(stop.estOpenTs),
    isOptional: true,
  }
  if (deed === 'extend') return [opens]
  if (deed === 'report') return [{ name: 'digest', label: t('op.sus.report'), kind: 'digest' }]
  if (deed !== 'plan') return []
  return stop.lines.length > 0 ? [opens, ...drainFields(stop, t)] : [opens]
}

/** How fast the queue is paid. */
function drainFields(stop: WholeStop, t: ReturnType<typeof useTranslation>['t']): ActField[] {
  return [
    {
      name: 'budgets',
      label: t('op.sus.budgets'),
      initial: offered(stop.lines),
      control: (props) => <BudgetFields {...props} lines={stop.lines} />,
      fault: (text) => (areRight(stop.lines, text) ? undefined : 'form.marked'),
    },
    {
      name: 'intervalMs',
      label: t('op.sus.interval'),
      after: t('op.sus.seconds'),
      kind: 'seconds',
      initial: String(Number(stop.drain.intervalMs) / 1000 || 60),
    },
    {
      name: 'maxWaitTicks',
      label: t('op.sus.maxWait'),
      hint: t('op.sus.maxWait.hint'),
      after: t('op.sus.ticks'),
      initial: stop.maxWaitTicks || '60',
    },
  ]
}
