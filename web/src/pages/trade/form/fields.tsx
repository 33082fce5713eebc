import { type ReactNode, useState } from 'react'
import { useTranslation } from '~/i18n'
import { parsed, plain } from '~/market/numbers'
import { Button } from '~/ui/Button'
import { Field } from '~/ui/Field'
import { useDesk } from '../desk'
import {
  type Checked,
  type Draft,
  type Facts,
  isInQuote,
  priced,
  sizeForTotal,
  UNPRICED,
} from './draft'
import css from './OrderForm.module.css'

export interface FormProps {
  draft: Draft
  facts: Facts
  checked: Checked
  edit(change: Partial<Draft>): void
}

export function PriceField({ draft, facts, checked, edit }: FormProps): ReactNode {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  if (UNPRICED.has(draft.ordType)) {
    return <Field label={t('form.price')} value={t('form.marketPrice')} disabled readOnly />
  }
  const best = [
    ['form.bid', facts.bid],
    ['form.ask', facts.ask],
  ] as const
  return (
    <Field
      label={t('form.price')}
      inputMode="decimal"
      value={draft.px}
      onChange={(event) => edit({ px: event.target.value })}
      error={checked.px && t(checked.px.key, checked.px.values)}
      after={
        <>
          {best.map(([name, px]) => (
            <Button
              key={name}
              size="small"
              look="ghost"
              disabled={!px}
              onClick={() => px && edit({ px })}
            >
              {t(name)}
            </Button>
          ))}
          <span className={css.unit}>{instrument.quoteCcy}</span>
        </>
      }
    />
  )
}

export function SizeField({ draft, checked, edit }: FormProps): ReactNode {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const canChoose = draft.ordType === 'market' && draft.side === 'buy'
  const inQuote = isInQuote(draft)
  const unit = inQuote ? instrument.quoteCcy : instrument.baseCcy
  return (
    <Field
      label={t(inQuote ? 'form.spend' : 'form.size')}
      inputMode="decimal"
      value={draft.sz}
      onChange={(event) => edit({ sz: event.target.value })}
      error={checked.sz && t(checked.sz.key, checked.sz.values)}
      after={
        canChoose ? (
          <Button
            size="small"
            look="ghost"
            aria-label={t('form.unit', { unit })}
            onClick={() => edit({ inQuote: !draft.inQuote, sz: '' })}
          >
            {unit} ⇄
          </Button>
        ) : (
          <span className={css.unit}>{unit}</span>
        )
      }
    />
  )
}

/** The total follows the size until it is typed itself; then the size follows. */
export function TotalField({ draft, facts, checked, edit }: FormProps): ReactNode {
  const { t } = useTranslation()
  const { instrument } = useDesk()
  const [typed, setTyped] = useState<string | null>(null)
  const shown = checked.total ? plain(checked.total.round(8, 0)) : ''
  const isNonsense = typed !== null && typed.trim() !== '' && !parsed(typed)
  return (
    <Field
      label={t('form.total')}
      inputMode="decimal"
      value={typed ?? shown}
      onFocus={() => setTyped(shown)}
      error={isNonsense ? t('form.noNumber') : null}
      onBlur={() => isNonsense || setTyped(null)}
      onChange={(event) => {
        setTyped(event.target.value)
        const counted = priced(draft, facts)
        edit({ px: counted.px, sz: sizeForTotal(event.target.value, counted, facts) })
      }}
      after={<span className={css.unit}>{instrument.quoteCcy}</span>}
    />
  )
}
