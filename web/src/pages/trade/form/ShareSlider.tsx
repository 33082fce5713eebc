import { Slider } from '@base-ui/react/slider'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { priced, shareOf, sizeFor } from './draft'
import type { FormProps } from './fields'
import css from './ShareSlider.module.css'

const MARKS = [0, 25, 50, 75, 100]

/** How much of the balance an order spends. */
export function ShareSlider({ draft, facts, checked, edit }: FormProps): ReactNode {
  const { t } = useTranslation()
  const share = Math.round(shareOf(draft, facts, checked) * 100)
  const choose = (next: number) => {
    if (next === 0) return edit({ sz: '' })
    const counted = priced(draft, facts)
    edit({ px: counted.px, sz: sizeFor(counted, facts, next / 100) })
  }
  // A click before the first price came would be lost.
  const most = sizeFor(priced(draft, facts), facts, 1)
  const isPossible = most !== '' && Number(facts.available) > 0
  return (
    <div className={css.whole}>
      <Slider.Root
        value={share}
        min={0}
        max={100}
        step={1}
        disabled={!isPossible}
        onValueChange={(next) => choose(Array.isArray(next) ? (next[0] ?? 0) : (next as number))}
      >
        <Slider.Control className={css.control}>
          <Slider.Track className={css.track}>
            <Slider.Indicator className={css.done} />
            <Slider.Thumb className={css.thumb} aria-label={t('form.share')} />
          </Slider.Track>
        </Slider.Control>
      </Slider.Root>
      <div className={css.marks}>
        {MARKS.map((mark) => (
          <button
            key={mark}
            type="button"
            className={css.mark}
            disabled={!isPossible}
            onClick={() => choose(mark)}
          >
            {mark}%
          </button>
        ))}
      </div>
    </div>
  )
}
