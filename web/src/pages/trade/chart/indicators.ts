import {
  ATR,
  BollingerBands,
  CCI,
  EMA,
  MACD,
  OBV,
  PSAR,
  RSI,
  SMA,
  StochasticOscillator,
  WMA,
} from 'trading-signals'
import type { Bar } from './bars'

/** A line of an indicator: its name, its token of colour, and its value at each bar. */
export interface IndicatorLine {
  name: string
  colour: string
  kind: 'line' | 'histogram' | 'dots'
  values: (number | null)[]
}

export interface Indicator {
  id: string
  name: string
  /** Drawn over the candles, or in a pane of its own. */
  overlay: boolean
  lines(bars: Bar[]): IndicatorLine[]
}

const COLOURS = ['#f0b95a', '#6ea8fe', '#c792ea', '#5cc8b0']

/** Something that takes a value a bar and has a result once it has seen enough. */
interface Stepper<I, R> {
  add(value: I): unknown
  getResult(): R | null
}

function run<I, R>(indicator: Stepper<I, R>, bars: Bar[], input: (bar: Bar) => I): (R | null)[] {
  return bars.map((bar) => {
    indicator.add(input(bar))
    return indicator.getResult()
  })
}

const close = (bar: Bar) => bar.close
const whole = ({ open, high, low, close, volume }: Bar) => ({ open, high, low, close, volume })

function line(name: string, colour: number, values: (number | null)[]): IndicatorLine {
  return { name, colour: COLOURS[colour % COLOURS.length] as string, kind: 'line', values }
}

function averages(
  kind: string,
  make: (interval: number) => Stepper<number, number>,
  intervals: number[],
): (bars: Bar[]) => IndicatorLine[] {
  return (bars) =>
    intervals.map((interval, index) =>
      line(`${kind} ${interval}`, index, run(make(interval), bars, close)),
    )
}

function bollinger(bars: Bar[]): IndicatorLine[] {
  const bands = run(new BollingerBands(20, 2), bars, close)
  return (['upper', 'middle', 'lower'] as const).map((band, index) =>
    line(
      index === 0 ? 'BOLL 20 2' : '',
      index === 1 ? 0 : 1,
      bands.map((each) => each?.[band] ?? null),
    ),
  )
}

function macd(bars: Bar[]): IndicatorLine[] {
  const results = run(new MACD(new EMA(12), new EMA(26), new EMA(9)), bars, close)
  const histogram = results.map((each) => each?.histogram ?? null)
  return [
    { name: '', colour: 'histogram', kind: 'histogram', values: histogram },
    line(
      'MACD 12 26 9',
      0,
      results.map((each) => each?.macd ?? null),
    ),
    line(
      '',
      1,
      results.map((each) => each?.signal ?? null),
    ),
  ]
}

function stochastic(bars: Bar[]): IndicatorLine[] {
  const results = run(
    new StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 }),
    bars,
    whole,
  )
  return [
    line(
      'STOCH 14 3 3',
      0,
      results.map((each) => each?.stochK ?? null),
    ),
    line(
      '',
      1,
      results.map((each) => each?.stochD ?? null),
    ),
  ]
}

function parabolic(bars: Bar[]): IndicatorLine[] {
  const sar = new PSAR({ accelerationStep: 0.02, accelerationMax: 0.2 })
  const values = run<ReturnType<typeof whole>, number>(sar, bars, whole)
  return [{ ...line('SAR', 2, values), kind: 'dots' }]
}

export const INDICATORS: readonly Indicator[] = [
  { id: 'ma', name: 'MA', overlay: true, lines: averages('MA', (n) => new SMA(n), [7, 25, 99]) },
  { id: 'ema', name: 'EMA', overlay: true, lines: averages('EMA', (n) => new EMA(n), [12, 26]) },
  { id: 'wma', name: 'WMA', overlay: true, lines: averages('WMA', (n) => new WMA(n), [20]) },
  { id: 'boll', name: 'BOLL', overlay: true, lines: bollinger },
  { id: 'sar', name: 'SAR', overlay: true, lines: parabolic },
  { id: 'macd', name: 'MACD', overlay: false, lines: macd },
  {
    id: 'rsi',
    name: 'RSI',
    overlay: false,
    lines: (bars) => [line('RSI 14', 2, run(new RSI(14), bars, close))],
  },
  { id: 'stoch', name: 'STOCH', overlay: false, lines: stochastic },
  {
    id: 'atr',
    name: 'ATR',
    overlay: false,
    lines: (bars) => [line('ATR 14', 1, run(new ATR(14), bars, whole))],
  },
  {
    id: 'cci',
    name: 'CCI',
    overlay: false,
    lines: (bars) => [line('CCI 20', 3, run(new CCI(20), bars, whole))],
  },
  {
    id: 'obv',
    name: 'OBV',
    overlay: false,
    lines: (bars) => [line('OBV', 0, run(new OBV(2), bars, whole))],
  },
]
