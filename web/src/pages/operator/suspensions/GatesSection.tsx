import { type ReactNode, useState } from 'react'
import { useAmounts } from '~/pages/account/layout/amounts'
import { Badge } from '~/pages/account/layout/Badge'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { type Column, Table } from '~/ui/Table'
import { toast } from '~/ui/toasts'
import { Act } from '../layout/Act'
import { ActDialog, type ActField } from '../layout/ActDialog'
import cells from '../layout/Cells.module.css'
import { Uid } from '../layout/Uid'
import { useWords } from '../layout/words'
import { useTranslation } from '../texts'
import { deedsOf, gateLook } from './course'
import type { Evidence, Figure, Gate, Kept, WholeStop } from './rows'
import { ReadQueue, Screening } from './Screening'
import css from './WayBack.module.css'

const CANARY = 'G4'
const SCREENED = 'G5'
const MEASURED = ['G2', 'G3']
/** Those that rest on what people say alone. */
const SAID = ['G6', 'G7', 'G8']

/** The gates with the newest evidence for each, and all evidence that was given. */
export function GatesSection({ stop }: { stop: WholeStop }): ReactNode {
  const { t } = useTranslation()
  const evidence = useEvidence()
  return (
    <>
      <Section title={t('op.gates')} about={t('op.gates.about')} flush>
        <Table
          label={t('op.gates')}
          columns={useGates(stop)}
          rows={stop.gates}
          keyOf={({ gate }) => gate}
          empty="–"
          cards
        />
      </Section>
      {stop.evidence.length > 0 ? (
        <Section title={t('op.evidence')} about={t('op.evidence.about')} flush>
          <Table
            label={t('op.evidence')}
            columns={evidence}
            rows={stop.evidence.toReversed()}
            keyOf={({ sequence, gate }) => `${sequence}/${gate}`}
            empty="–"
            cards
          />
        </Section>
      ) : null}
    </>
  )
}

function useGates(stop: WholeStop): Column<Gate>[] {
  const { t } = useTranslation()
  const word = useWords()
  const date = useDates()
  const mayShow = deedsOf(stop).includes('show')
  const columns: Column<Gate>[] = [
    {
      id: 'gate',
      title: t('op.gate'),
      cell: ({ gate, name }) => (
        <span className={cells.long}>
          <b>{gate}</b> {word('gate', name)}
        </span>
      ),
    },
    {
      id: 'state',
      title: t('op.state'),
      cell: ({ state, passesTs }) => (
        <>
          <Badge look={gateLook(state)}>{word('gateState', state)}</Badge> {date(passesTs, '')}
        </>
      ),
    },
    {
      id: 'figures',
      title: t('op.gate.figures'),
      detail: true,
      cell: ({ gate, figures }) =>
        gate === SCREENED && mayShow ? <Screening stop={stop} /> : <Figures figures={figures} />,
    },
    {
      id: 'kept',
      title: t('op.evidence'),
      detail: true,
      cell: ({ gate, digest }) => (
        <Whole digest={digest} kept={stop.kept.find((each) => each.gate === gate)} />
      ),
    },
    { id: 'ts', title: t('op.gate.shown'), detail: true, cell: ({ ts }) => date(ts) },
  ]
  if (!mayShow) return columns
  return [
    ...columns,
    {
      id: 'acts',
      title: <span className="unseen">{t('account.actions')}</span>,
      number: true,
      cell: (gate) =>
        gate.gate === CANARY ? null : (
          <>
            {gate.gate === SCREENED ? <ReadQueue stop={stop} /> : null}
            <Act
              label={t('op.gate.show')}
              about={gate.gate}
              size="small"
              disabled={gate.gate === SCREENED && stop.screening.length === 0}
            >
              {(close) => <ShowDialog gate={gate} stop={stop} onClose={close} />}
            </Act>
          </>
        ),
    },
  ]
}

function useEvidence(): Column<Evidence>[] {
  const { t } = useTranslation()
  const date = useDates()
  return [
    { id: 'gate', title: t('op.gate'), cell: ({ gate }) => gate },
    {
      id: 'passed',
      title: t('op.gate.passed'),
      cell: ({ passed }) => (
        <Badge look={passed ? 'good' : 'bad'}>{t(passed ? 'op.yes' : 'op.no')}</Badge>
      ),
    },
    { id: 'uid', title: t('op.gate.by'), cell: ({ uid }) => <Uid uid={uid} /> },
    { id: 'ts', title: t('op.gate.shown'), cell: ({ ts }) => date(ts) },
    {
      id: 'count',
      title: t('op.gate.count'),
      number: true,
      cell: ({ count }) => (Number(count) ? count : '–'),
    },
    {
      id: 'figures',
      title: t('op.gate.figures'),
      cell: ({ figures }) => <Figures figures={figures} />,
    },
    { id: 'digest', title: t('op.digest'), cell: ({ digest }) => <Digest digest={digest} /> },
  ]
}

function Digest({ digest }: { digest: string }): ReactNode {
  return digest ? <code title={digest}>{digest.slice(0, 12)}…</code> : '–'
}

/** The newest evidence itself, opened by its digest; of older ones the log has it. */
function Whole({ digest, kept }: { digest: string; kept: Kept | undefined }): ReactNode {
  const { t } = useTranslation()
  if (!kept || !digest) return <Digest digest={digest} />
  return (
    <details>
      <summary>
        <Digest digest={digest} />
      </summary>
      {kept.document ? <p className={css.document}>{kept.document}</p> : null}
      {kept.document ? (
        <p className="muted">{t(kept.public ? 'op.gate.isPublic' : 'op.gate.isOurs')}</p>
      ) : null}
      <pre className={css.record}>{kept.record}</pre>
    </details>
  )
}

/** What there is, held against what it must come to. */
function Figures({ figures }: { figures: readonly Figure[] }): ReactNode {
  const { t } = useTranslation()
  const amount = useAmounts()
  if (figures.length === 0) return '–'
  return (
    <span className={css.figures}>
      {figures.map(({ chain, ccy, have, need, ratio }) => (
        <span
          key={`${ccy}/${chain}`}
          className={ratio && Number(ratio) < 1 ? css.short : undefined}
        >
          {t('op.gate.figure', {
            have: amount(have),
            need: amount(need),
            ccy,
            chain: chain || 'none',
          })}
        </span>
      ))}
    </span>
  )
}

interface ShowProps {
  gate: Gate
  stop: WholeStop
  onClose(): void
}

/** Evidence for a gate: what was looked at, and what the exchange holds against its own books. */
function ShowDialog({ gate, stop, onClose }: ShowProps): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  // As it was when the dialog was opened: what is read meanwhile nobody here has screened.
  const [read] = useState(gate.gate === SCREENED ? stop.screening[0] : undefined)
  const yesNo = [
    ['true', t('op.yes')],
    ['false', t('op.no')],
  ] as const
  const fields: ActField[] = [
    {
      name: 'document',
      label: t('op.gate.document'),
      hint: t('op.gate.document.hint'),
      kind: 'lines',
      isOptional: !SAID.includes(gate.gate),
    },
    { name: 'public', label: t('op.gate.public'), options: yesNo.toReversed() },
  ]
  if (MEASURED.includes(gate.gate)) {
    const hint = word('gateFigures', gate.gate)
    fields.push({ name: 'figures', label: t('op.gate.figures'), hint, isOptional: true })
  }
  return (
    <ActDialog<WholeStop>
      title={t('op.gate.show.title', { gate: gate.gate })}
      about={word('gateAbout', gate.name)}
      path="x/operator/suspending/show"
      fixed={{
        suspension: stop.suspension,
        gate: gate.gate.slice(1),
        ...(read ? { count: read.count, upTo: read.upTo } : {}),
      }}
      fields={[...fields, { name: 'passed', label: t('op.gate.passed'), options: yesNo }]}
      deed={t('op.gate.show')}
      onClose={onClose}
      onDone={(row) => {
        const now = row?.gates.find((each) => each.gate === gate.gate)
        const isShort = now?.state === 'failed'
        toast(
          t(isShort ? 'op.gate.notPassed' : 'op.gate.taken', { gate: gate.gate }),
          isShort ? 'bad' : 'good',
        )
      }}
    >
      {read ? (
        <p>{t('op.screening', { count: read.count, stopped: read.stopped, upTo: read.upTo })}</p>
      ) : null}
    </ActDialog>
  )
}
