import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Select } from '~/ui/Select'
import type { Chosen } from '../chosen'
import { currenciesOf, type Line, networkOf } from '../currencies'
import css from './Funds.module.css'

/** Which currency, and on which network. */
export function LineChoice({ lines, chosen }: { lines: Line[]; chosen: Chosen }): ReactNode {
  const { t } = useTranslation()
  const { ccy, line, choose } = chosen
  const chains = lines.filter((each) => each.ccy === ccy).map(({ chain }) => chain)
  return (
    <div className={css.choice}>
      <Select
        labelled
        label={t('currency')}
        value={ccy}
        options={currenciesOf(lines).map((each) => [each, each] as const)}
        onChange={(next) => choose(next)}
      />
      <Select
        labelled
        label={t('funds.network')}
        value={line?.chain ?? ''}
        options={chains.map((chain) => [chain, networkOf(chain)] as const)}
        onChange={(chain) => choose(ccy, chain)}
      />
    </div>
  )
}
