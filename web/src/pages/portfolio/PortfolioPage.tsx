import { useQuery } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useMemo, useState } from 'react'
import { useSession } from '~/api/session'
import { useRefusalText } from '~/app/refusals'
import { SignInFirst } from '~/app/SignInFirst'
import { useTitle } from '~/app/title'
import { useTranslation } from '~/i18n'
import { useBarNames } from '~/market/barNames'
import { useInstruments } from '~/market/instruments'
import { fixed, percent, wayOf } from '~/market/numbers'
import { FaucetButton } from '~/pages/account/faucet/Faucet'
import { StandingNote } from '~/pages/account/StandingNote'
import { tickersQuery } from '~/pages/markets/order'
import { useBalances } from '~/trading/use'
import { Button } from '~/ui/Button'
import { ButtonLink } from '~/ui/ButtonLink'
import { AssetsTable } from './AssetsTable'
import { type Asset, assetsOf } from './assets'
import { Donut } from './Donut'
import { fundingQuery } from './funding'
import { RANGES, type RangeName, useWorth } from './history'
import css from './PortfolioPage.module.css'
import { useTransfer } from './transfer'

const PRICES_EVERY_MS = 10_000

const WorthChart = lazy(async () => ({ default: (await import('./WorthChart')).WorthChart }))

/** What everything is worth, how it got there, and what it is made of. */
export function PortfolioPage(): ReactNode {
  const { t } = useTranslation()
  const session = useSession()
  useTitle(t('nav.portfolio'))
  if (session === null) return <SignInFirst />
  return session ? <Portfolio uid={session.uid} /> : null
}

function Portfolio({ uid }: { uid: string }): ReactNode {
  const { t } = useTranslation()
  const balances = useBalances()
  const funding = useQuery(fundingQuery(uid)).data
  const openTransfer = useTransfer()
  const { data: tickers } = useQuery({ ...tickersQuery, refetchInterval: PRICES_EVERY_MS })
  const assets = useMemo(() => {
    const prices = new Map((tickers ?? []).map(({ instId, last }) => [instId, last]))
    return assetsOf(balances, funding, prices)
  }, [balances, funding, tickers])
  const total = assets.reduce((sum, { worth }) => sum + worth, 0)
  return (
    <div className={css.page}>
      <header className={css.head}>
        <div>
          <h1 className={css.title}>{t('portfolio.total')}</h1>
          <p className={css.total}>
            {balances ? `≈ ${fixed(total.toFixed(2), 2)}` : '—'} <span>USD</span>
          </p>
        </div>
        <div className={css.acts}>
          <FaucetButton />
          <ButtonLink to="/deposit">{t('deposit.title')}</ButtonLink>
          <ButtonLink to="/withdraw">{t('withdraw.title')}</ButtonLink>
          <Button onClick={() => openTransfer('USDT')}>{t('transfer.title')}</Button>
        </div>
      </header>
      <StandingNote />
      <div className={css.charts}>
        <OverTime />
        <Allocation assets={assets} total={total} />
      </div>
      <section className={css.panel} aria-label={t('portfolio.assets')}>
        <AssetsTable assets={assets} isLoading={!balances} />
      </section>
    </div>
  )
}

function OverTime(): ReactNode {
  const { t } = useTranslation()
  const nameOf = useBarNames()
  const [range, setRange] = useState<RangeName>('1W')
  const balances = useBalances()
  const instruments = useInstruments()
  const pairs = useMemo(
    () => new Set((instruments ?? []).map((each) => each.instId)),
    [instruments],
  )
  const { data, error } = useWorth(range, balances, pairs)
  const refusal = useRefusalText()
  const [first, last] = [data?.find(({ value }) => value > 0), data?.at(-1)]
  const change = first && last ? last.value / first.value - 1 : 0
  return (
    <section className={css.panel} aria-label={t('portfolio.overTime')}>
      <header className={css.bar}>
        <h2>{t('portfolio.overTime')}</h2>
        {data ? <span className={wayOf(change)}>{percent(change)}</span> : null}
        <fieldset className={css.ranges}>
          <legend className="unseen">{t('portfolio.range')}</legend>
          {(Object.keys(RANGES) as RangeName[]).map((each) => (
            <Button
              key={each}
              size="small"
              look="ghost"
              aria-pressed={each === range}
              onClick={() => setRange(each)}
            >
              {nameOf(each)}
            </Button>
          ))}
        </fieldset>
      </header>
      <div className={css.chart}>
        <Suspense fallback={null}>
          {data ? <WorthChart points={data} /> : <p>{error ? refusal(error) : t('loading')}</p>}
        </Suspense>
      </div>
      <p className={css.note}>{t('portfolio.note')}</p>
    </section>
  )
}

function Allocation({ assets, total }: { assets: Asset[]; total: number }): ReactNode {
  const { t } = useTranslation()
  return (
    <section className={css.panel} aria-label={t('portfolio.allocation')}>
      <header className={css.bar}>
        <h2>{t('portfolio.allocation')}</h2>
      </header>
      {total > 0 ? (
        <Donut assets={assets} total={total} />
      ) : (
        <p className={css.empty}>{t('balances.none')}</p>
      )}
    </section>
  )
}
