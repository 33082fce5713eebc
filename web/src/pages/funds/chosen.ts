import { useNavigate, useSearch } from '@tanstack/react-router'
import { currenciesOf, type Line } from './currencies'

/** The currency and chain that a page is about, kept in its address. */
export interface Chosen {
  ccy: string
  line: Line | undefined
  choose(ccy: string, chain?: string): void
}

/** What the address names, where there is such a line; else the first there is. */
export function useChosen(lines: readonly Line[]): Chosen {
  const asked = useSearch({ strict: false }) as { ccy?: unknown; chain?: unknown }
  const navigate = useNavigate()
  const known = currenciesOf(lines)
  const ccy = known.find((each) => each === asked.ccy) ?? known[0] ?? ''
  const here = lines.filter((line) => line.ccy === ccy)
  const line = here.find(({ chain }) => chain === asked.chain) ?? here[0]
  const choose = (nextCcy: string, chain?: string) => {
    const search = { ccy: nextCcy, ...(chain ? { chain } : {}) }
    void navigate({ to: '.', search: search as never, replace: true })
  }
  return { ccy, line, choose }
}
