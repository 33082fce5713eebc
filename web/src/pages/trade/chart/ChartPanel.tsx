import { Menu } from '@base-ui/react/menu'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useIsPhone } from '~/app/size'
import { createStore, useStore } from '~/app/store'
import { useTranslation } from '~/i18n'
import { useBarNames } from '~/market/barNames'
import { Button } from '~/ui/Button'
import { CheckIcon } from '~/ui/icons'
import popup from '~/ui/Popup.module.css'
import { Select } from '~/ui/Select'
import { DepthChart } from '../book/DepthChart'
import { BARS } from './bars'
import css from './ChartPanel.module.css'
import { INDICATOR_NAMES } from './names'

// Under way before the panel is rendered: candles are what everybody looks at first.
const loading = import('./CandleChart')
const CandleChart = lazy(async () => ({ default: (await loading).CandleChart }))

interface Looks {
  bar: string
  indicators: string[]
}

const KEPT = 'fullreserve.chart'
const QUICK = ['1m', '15m', '1H', '4H', '1D']
const looks = createStore<Looks>(read())

function read(): Looks {
  const first = { bar: '15m', indicators: ['ma'] }
  try {
    return { ...first, ...JSON.parse(localStorage.getItem(KEPT) ?? '{}') }
  } catch {
    return first
  }
}

function choose(change: Partial<Looks>): void {
  looks.set({ ...looks.get(), ...change })
  localStorage.setItem(KEPT, JSON.stringify(looks.get()))
}

/** Candles or depth, with what is shown of them. */
export function ChartPanel(): ReactNode {
  const { t } = useTranslation()
  const { bar, indicators } = useStore(looks)
  const [isDepth, setDepth] = useState(false)
  return (
    <div className={css.panel}>
      <div className={css.bar}>
        {isDepth ? null : <Bars bar={bar} />}
        {isDepth ? null : <Indicators chosen={indicators} />}
        <span className={css.gap} />
        <Button size="small" look="ghost" aria-pressed={isDepth} onClick={() => setDepth(!isDepth)}>
          {t(isDepth ? 'chart.candles' : 'chart.depth')}
        </Button>
        <a className={css.credit} href="https://www.tradingview.com/" rel="noreferrer">
          TradingView
        </a>
      </div>
      <Suspense fallback={<p className={css.loading}>{t('loading')}</p>}>
        {isDepth ? <DepthChart /> : <CandleChart bar={bar} indicators={indicators} />}
      </Suspense>
    </div>
  )
}

function Bars({ bar }: { bar: string }): ReactNode {
  const { t } = useTranslation()
  const nameOf = useBarNames()
  // Said once: beside its button the name of the bar is not said again.
  const isSaid = !useIsPhone() && QUICK.includes(bar)
  return (
    <>
      <fieldset className={css.quick}>
        <legend className="unseen">{t('chart.bar')}</legend>
        {QUICK.map((each) => (
          <Button
            key={each}
            size="small"
            look="ghost"
            aria-pressed={each === bar}
            onClick={() => choose({ bar: each })}
          >
            {nameOf(each)}
          </Button>
        ))}
      </fieldset>
      <Select
        small
        label={t('chart.bar')}
        value={bar}
        shown={isSaid ? t('chart.otherBars') : null}
        options={BARS.map((each) => [each, nameOf(each)] as const)}
        onChange={(next) => choose({ bar: next })}
      />
    </>
  )
}

function Indicators({ chosen }: { chosen: readonly string[] }): ReactNode {
  const { t } = useTranslation()
  const toggle = (id: string, isOn: boolean) =>
    choose({ indicators: isOn ? [...chosen, id] : chosen.filter((each) => each !== id) })
  return (
    <Menu.Root>
      <Menu.Trigger render={<Button size="small" look="ghost" />}>
        {t('chart.indicators')}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className={popup.place} sideOffset={4} align="start">
          <Menu.Popup className={popup.popup}>
            {INDICATOR_NAMES.map(([id, name]) => (
              <Menu.CheckboxItem
                key={id}
                className={popup.item}
                checked={chosen.includes(id)}
                onCheckedChange={(isOn) => toggle(id, isOn)}
              >
                <span>
                  <b>{name}</b> <span className="muted">{t(`indicator.${id}`)}</span>
                </span>
                <Menu.CheckboxItemIndicator className={popup.mark}>
                  <CheckIcon />
                </Menu.CheckboxItemIndicator>
              </Menu.CheckboxItem>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
