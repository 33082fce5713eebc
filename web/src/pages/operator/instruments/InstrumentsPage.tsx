import type { ReactNode } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { PageHead, Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog } from '../layout/ActDialog'
import css from '../layout/Cells.module.css'
import { ProposeDialog } from '../layout/ProposeDialog'
import { ReadingProblem } from '../layout/ReadingProblem'
import { useReading } from '../layout/reading'
import { useOperator } from '../layout/roles'
import { useWords } from '../layout/words'
import type { Instrument } from '../rows'
import { useTranslation } from '../texts'
import { LimitsDialog } from './LimitsDialog'
import { ListingDialog } from './ListingDialog'
import { bandText, looser, priceText, ticksText, tighter } from './terms'

const EVERY_MS = 2_000

/** What is traded: its state and its terms. Stopping is done at once, all else is proposed. */
export function InstrumentsPage(): ReactNode {
  const { t } = useTranslation()
  const { may } = useOperator()
  const { data, error } = useReading<Instrument, 'x/operator/instruments'>(
    'x/operator/instruments',
    {},
    EVERY_MS,
  )
  return (
    <>
      <PageHead title={t('op.instruments')} about={t('op.instruments.about')} />
      <ReadingProblem problem={error} />
      <Section
        title={t('op.instruments.list')}
        flush
        action={
          may('trading') ? (
            <Act label={t('op.listing')}>{(close) => <ListingDialog onClose={close} />}</Act>
          ) : null
        }
      >
        <Table
          label={t('op.instruments.list')}
          columns={useColumns(may('trading'))}
          rows={data ?? []}
          keyOf={({ instId }) => instId}
          empty={t(data ? 'op.none' : 'loading')}
          cards
        />
      </Section>
    </>
  )
}

function useColumns(mayAct: boolean): Column<Instrument>[] {
  const { t } = useTranslation()
  const word = useWords()
  const amount = useAmounts()
  const columns: Column<Instrument>[] = [
    { id: 'pair', title: t('markets.pair'), cell: ({ instId }) => <b>{instId}</b> },
    {
      id: 'state',
      title: t('op.state'),
      cell: ({ state }) => (
        <Badge look={state === 'live' ? 'good' : 'bad'}>{word('state', state)}</Badge>
      ),
    },
    {
      id: 'last',
      title: t('op.last'),
      number: true,
      cell: ({ last, ticks }) => priceText(last, ticks),
    },
    {
      id: 'range',
      detail: true,
      title: t('op.range'),
      number: true,
      cell: ({ lowestPx, highestPx, ticks }) =>
        `${priceText(lowestPx, ticks)} – ${priceText(highestPx, ticks)}`,
    },
    term('tick', t('op.tick'), ({ ticks }) => ticksText(ticks)),
    { ...term('lot', t('op.lot'), ({ lotSz }) => lotSz), wideOnly: true },
    term('min', t('op.min'), ({ minSz }) => minSz),
    term('max', t('op.maxLmt'), ({ maxLmtSz }) => amount(maxLmtSz)),
    term('band', t('op.band'), ({ band }) => bandText(band)),
  ]
  if (!mayAct) return columns
  const acts: Column<Instrument> = {
    id: 'acts',
    title: <span className="unseen">{t('account.actions')}</span>,
    number: true,
    detail: true,
    cell: (row) => <Acts row={row} />,
  }
  return [...columns, acts]
}

function term(id: string, title: string, cell: (row: Instrument) => string): Column<Instrument> {
  return { id, title, number: true, detail: true, cell }
}

function Acts({ row }: { row: Instrument }): ReactNode {
  const { t } = useTranslation()
  const { instId, state } = row
  return (
    <span className={css.acts}>
      {tighter(state).length > 0 ? (
        <Act label={t('op.stop')} about={instId} size="small">
          {(close) => <StopDialog row={row} onClose={close} />}
        </Act>
      ) : null}
      {looser(state).length > 0 ? (
        <Act label={t('op.resume')} about={instId} size="small">
          {(close) => <ResumeDialog row={row} onClose={close} />}
        </Act>
      ) : null}
      <Act label={t('op.editLimits')} about={instId} size="small">
        {(close) => <LimitsDialog row={row} onClose={close} />}
      </Act>
    </span>
  )
}

interface DialogProps {
  row: Instrument
  onClose(): void
}

/** Makes less happen, at once. */
function StopDialog({ row: { instId, state }, onClose }: DialogProps): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const options = tighter(state).map((each) => [each, word('stateDeed', each)] as const)
  return (
    <ActDialog<{ instId: string; state: string }>
      title={t('op.stop.title', { pair: instId })}
      about={t('op.stop.about')}
      path="x/operator/instruments/state"
      fixed={{ instId }}
      fields={[{ name: 'state', label: t('op.newState'), options }]}
      deed={t('op.stop.deed')}
      look="danger"
      onClose={onClose}
      onDone={(done) =>
        toast(t('op.stop.done', { pair: instId, state: word('state', done?.state ?? '') }), 'good')
      }
    />
  )
}

/** Lets more happen: another operator has to agree. */
function ResumeDialog({ row: { instId, state }, onClose }: DialogProps): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const options = looser(state).map((each) => [each, word('state', each)] as const)
  return (
    <ProposeDialog
      kind="state"
      title={t('op.resume.title', { pair: instId })}
      fixed={{ instId }}
      fields={[{ name: 'state', label: t('op.newState'), options }]}
      onClose={onClose}
    />
  )
}
