import { type ReactNode, useEffect, useState } from 'react'
import { useLink, useServices } from '~/app/services'
import { type MessageKey, useTranslation } from '~/i18n'
import { PageHead, Section } from '~/pages/account/layout/Section'
import type { StatedAsset } from '~/reserves/verifier'
import { type Column, Table } from '~/ui/Table'
import { CheckFunds } from './CheckFunds'
import { Contracts } from './Contracts'
import { coins } from './coins'
import {
  type AssetRow,
  type ChainEvidence,
  coverIn,
  dateOf,
  evidencePath,
  faultIn,
  oldest,
  owedOwn,
  restsOnLeaving,
  type Statement,
  spreadIn,
  useEvidence,
  useHistory,
  useStatement,
} from './published'
import { RatioPlot } from './RatioPlot'
import css from './ReservesPage.module.css'

const SECOND_MS = 1_000
const SHOWN = 10

function useNow(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND_MS)
    return () => clearInterval(timer)
  }, [])
  return now
}

export function ReservesPage(): ReactNode {
  const { t } = useTranslation()
  const statement = useStatement()
  const now = useNow()
  const points = useHistory(statement?.epoch)
  const evidence = useEvidence(statement)
  if (!statement) {
    return (
      <section className={css.page}>
        <PageHead title={t('reserves.title')} about={t('reserves.about')} />
        <p className={css.quiet}>{t(statement === null ? 'reserves.none' : 'loading')}</p>
      </section>
    )
  }
  const isStale = dateOf(statement, now) !== 'now'
  return (
    <section className={css.page}>
      <PageHead title={t('reserves.title')} about={t('reserves.about')} />
      <Verdict statement={statement} now={now} />
      <p className={css.quiet}>{t('reserves.notProved')}</p>
      <Section title={t('reserves.assets')} flush>
        <Assets {...{ statement, isStale }} rows={statement.assets.filter((one) => !one.own)} />
      </Section>
      <OwnTokens {...{ statement, isStale }} />
      <Unshown statement={statement} />
      <Section title={t('reserves.checkTitle')}>
        <CheckFunds epoch={statement.epoch} />
      </Section>
      <Section title={t('reserves.history')} flush>
        <RatioPlot points={points} now={now} />
      </Section>
      <Section title={t('reserves.addresses')} flush>
        <Addresses chains={evidence} />
      </Section>
      <Contracts statement={statement} />
      <Section title={t('reserves.log')}>
        <Log statement={statement} />
      </Section>
    </section>
  )
}

/** In one sentence, and how old what it rests on is. What is stale is red, whatever it says. */
function Verdict({ statement, now }: { statement: Statement; now: number }): ReactNode {
  const { t } = useTranslation()
  const dated = dateOf(statement, now)
  const isStale = dated !== 'now'
  const fault = faultIn(statement)
  const covered = !fault
  const { bare, inKind } = owedOwn(statement)
  const isGood = !isStale && covered
  const held = bare.length ? 'reserves.coveredBut' : 'reserves.covered'
  const late = dated === 'ahead' ? 'reserves.ahead' : 'reserves.stale'
  const key = isStale ? late : covered ? held : 'reserves.notCovered'
  const seconds = (since: number) => Math.max(0, Math.round((now - since) / SECOND_MS))
  const minutes = (since: number) => Math.floor(seconds(since) / 60)
  const { read } = statement.reserves
  const { signed, block, isSignedLately } = oldest(statement)
  const isSilent = useLink(useServices().streams.market).kind !== 'live'
  const spread = spreadIn(statement)
  const isReadLately = statement.ts - read <= statement.expires - statement.ts
  return (
    <div
      className={css.verdict}
      data-good={isGood && !bare.length}
      data-partly={isGood && bare.length > 0}
    >
      <p className={css.sentence}>{t(key, { names: bare.join(', ') })}</p>
      {isGood && inKind.length ? <p>{t('reserves.inKind', { names: inKind.join(', ') })}</p> : null}
      {fault ? <p>{t('reserves.failed', { why: fault })}</p> : null}
      <p>{t('reserves.claimsAge', { count: seconds(statement.ts) })}</p>
      {isStale && isSilent ? <p>{t('reserves.silent')}</p> : null}
      {read ? (
        <p className={isReadLately ? undefined : css.failed}>
          {t('reserves.readAge', { count: seconds(read) })}
          {isReadLately ? null : ` ${t('reserves.readOld')}`}
        </p>
      ) : (
        <p>{t('reserves.nothingShown')}</p>
      )}
      {spread === null ? null : (
        <p>{t('reserves.spread', { count: Math.ceil(spread / SECOND_MS) })}</p>
      )}
      {block ? <p>{t('reserves.blockAge', { count: minutes(block) })}</p> : null}
      {signed ? (
        <p className={isSignedLately ? undefined : css.failed}>
          {t('reserves.signedAge', { count: minutes(signed) })}
          {isSignedLately ? null : ` ${t('reserves.signedOld')}`}
        </p>
      ) : null}
    </div>
  )
}

/** Why nothing is shown of a network, by the statement's words. */
const UNSHOWN: Record<string, MessageKey> = {
  'no node': 'reserves.unshown.noNode',
  'not read': 'reserves.unshown.notRead',
  'its newest block is old': 'reserves.unshown.stale',
  'no verifier reads its family': 'reserves.unshown.unverified',
}

/** Networks of the exchange of which nothing is shown, so that nothing there counts. */
function Unshown({ statement }: { statement: Statement }): ReactNode {
  const { t } = useTranslation()
  const names = (statement.unshown ?? []).map(({ name, why }) => {
    const key = UNSHOWN[why]
    return `${name} (${key ? t(key) : why})`
  })
  if (!names.length) return null
  return <p className={css.quiet}>{t('reserves.unshown', { names: names.join(', ') })}</p>
}

const DAYS = ['1', '7', '30'] as const

const percent = (ratio?: string) => (ratio ? `${(Number(ratio) * 100).toFixed(2)}%` : '—')

function tone(asset: StatedAsset | undefined, isStale: boolean): string | undefined {
  if (!asset || asset.lack || isStale) return css.lacking
  return asset.uncounted || restsOnLeaving(asset) ? css.away : css.enough
}

/** The ratio, and what it does not say. */
function Ratio(props: {
  row: AssetRow
  read: StatedAsset | undefined
  isStale: boolean
}): ReactNode {
  const { row, read, isStale } = props
  const { t } = useTranslation()
  const amount = coins(row.leaving ?? '0', row.decimals)
  const then = row.own ? 'reserves.wasCounted' : 'reserves.wasOwn'
  return (
    <div>
      <b className={tone(read, isStale)}>{percent(row.ratio)}</b>
      {read?.uncounted ? (
        <div className={`${css.note} ${css.away}`}>{t('reserves.ownToken')}</div>
      ) : null}
      {read?.reclassified ? (
        <div className={`${css.note} ${read.lack ? css.lacking : css.away}`}>
          {t(then, { epoch: read.reclassified })}
        </div>
      ) : null}
      {read && restsOnLeaving(read) ? (
        <div className={`${css.note} ${css.away}`}>{t('reserves.away', { amount })}</div>
      ) : null}
    </div>
  )
}

/** A statement, and whether it is too old: then no ratio of it is good. */
interface Dated {
  statement: Statement
  isStale: boolean
}

/** What the exchange issues itself, apart: it is cover for nothing but claims on itself. */
function OwnTokens({ statement, isStale }: Dated): ReactNode {
  const { t } = useTranslation()
  const rows = statement.assets.filter(({ own }) => own)
  if (!rows.length) return null
  return (
    <Section title={t('reserves.ownTitle')} about={t('reserves.ownAbout')} flush>
      <Assets {...{ statement, rows, isStale }} label={t('reserves.ownTitle')} />
    </Section>
  )
}

function Assets(props: Dated & { rows: AssetRow[]; label?: string }): ReactNode {
  const { statement, rows, label, isStale } = props
  const { t } = useTranslation()
  const text = (units: string, { decimals }: AssetRow) => coins(units, decimals)
  const read = coverIn(statement)
  const columns: Column<AssetRow>[] = [
    { id: 'asset', title: t('currency'), cell: ({ symbol }) => <b>{symbol}</b> },
    {
      id: 'owed',
      title: t('reserves.owed'),
      number: true,
      detail: true,
      cell: (one) => text(one.users, one),
    },
    {
      id: 'there',
      title: t('reserves.there'),
      number: true,
      detail: true,
      cell: (one) => (
        <>
          {text(one.reserves, one)}
          {BigInt(one.young ?? 0) > 0n && (
            <div>{t('reserves.young', { amount: text(one.young ?? '0', one) })}</div>
          )}
        </>
      ),
    },
    {
      id: 'lacking',
      title: t('reserves.shortfall'),
      number: true,
      detail: true,
      cell: (one) => text(one.shortfall, one),
    },
    {
      id: 'ratio',
      title: t('reserves.ratio'),
      number: true,
      cell: (one) => <Ratio row={one} read={read.get(one.symbol)} isStale={isStale} />,
    },
    {
      id: 'lowest',
      title: t('reserves.lowestOf'),
      number: true,
      detail: true,
      cell: ({ lowest }) => DAYS.map((days) => percent(lowest?.[days].ratio)).join(' / '),
    },
  ]
  return (
    <Table
      cards
      label={label ?? t('reserves.assets')}
      columns={columns}
      rows={rows}
      keyOf={({ symbol }) => symbol}
      empty={t('reserves.none')}
    />
  )
}

interface Row {
  key: string
  chain: string
  tier: string
  address: string
  held: string[]
}

function rowsOf({ name, coin, tokens, places }: ChainEvidence): Row[] {
  const digits = new Map([coin, ...tokens].map((one) => [one.symbol, one.decimals]))
  return places.map(({ address, tier, amounts }) => ({
    key: `${name} ${address}`,
    chain: name,
    tier,
    address,
    held: Object.entries(amounts).map(
      ([symbol, units]) => `${coins(units, digits.get(symbol) ?? 0)} ${symbol}`,
    ),
  }))
}

const TIERS: Record<string, MessageKey> = {
  hot: 'reserves.tier.hot',
  warm: 'reserves.tier.warm',
  cold: 'reserves.tier.cold',
  deposit: 'reserves.tier.deposit',
}

function Tier({ name }: { name: string }): ReactNode {
  const { t } = useTranslation()
  const key = TIERS[name]
  return key ? t(key) : name
}

function Addresses({ chains }: { chains: ChainEvidence[] }): ReactNode {
  const { t } = useTranslation()
  const columns: Column<Row>[] = [
    { id: 'chain', title: t('reserves.chain'), cell: ({ chain }) => chain },
    { id: 'tier', title: t('reserves.tier'), cell: ({ tier }) => <Tier name={tier} /> },
    {
      id: 'address',
      title: t('reserves.address'),
      detail: true,
      cell: ({ address }) => <code className={css.address}>{address}</code>,
    },
    {
      id: 'held',
      title: t('reserves.there'),
      detail: true,
      cell: ({ held }) => (
        <ul className={css.held}>
          {held.map((each) => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      ),
    },
  ]
  return (
    <Table
      cards
      label={t('reserves.addresses')}
      columns={columns}
      rows={chains.flatMap(rowsOf)}
      keyOf={({ key }) => key}
      empty={t('reserves.nothingShown')}
    />
  )
}

function Log({ statement }: { statement: Statement }): ReactNode {
  const { t } = useTranslation()
  const first = Math.max(1, statement.epoch - SHOWN + 1)
  const epochs = Array.from({ length: statement.epoch - first + 1 }, (_, n) => statement.epoch - n)
  return (
    <>
      <p>{t('reserves.key', { key: statement.exchange })}</p>
      <ul className={css.files}>
        {epochs.map((epoch) => (
          <li key={epoch}>
            <a href={`/por/epochs/${epoch}.json`}>{t('reserves.statement', { epoch })}</a>
          </li>
        ))}
        {statement.reserves.evidence ? (
          <li>
            <a href={evidencePath(statement)}>{t('reserves.evidence')}</a>
          </li>
        ) : null}
        <li>
          <a href="/por/log/checkpoint">{t('reserves.checkpoint')}</a>
        </li>
        <li>
          <a href="/por/addresses.json">{t('reserves.addressFile')}</a>
        </li>
        <li>
          <a href="/por/verify.py" download>
            verify.py
          </a>
        </li>
        <li>
          <a href="/por/verify.html" download>
            verify.html
          </a>
        </li>
        <li>
          <a href="/por/witness.py" download>
            witness.py
          </a>
        </li>
      </ul>
    </>
  )
}
