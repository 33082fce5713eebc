import type { ReactNode } from 'react'
import css from '../layout/Cells.module.css'
import { useWords } from '../layout/words'
import type { Fields } from '../rows'
import { useTranslation } from '../texts'
import termsCss from './Terms.module.css'
import { textOf } from './termText'
import { useBefore } from './useBefore'

// Terms whose values are words of the API.
const GROUPS: Record<string, string> = {
  state: 'state',
  account: 'side',
  house: 'house',
  reason: 'reason',
  level: 'level',
  role: 'role',
  team: 'team',
  tier: 'tierName',
  source: 'tierName',
  target: 'tierName',
}

/** A value of a term as people read it. */
function useValues(): (name: string, value: unknown) => string {
  const word = useWords()
  const { language } = useTranslation()
  const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
  return (name, value) => {
    if (name.endsWith('Ts') && value) return moment.format(Number(value))
    const group = GROUPS[name]
    if (group) return word(group, String(value))
    if (name === 'flags' && Array.isArray(value)) {
      return value.map((each) => word('flag', String(each))).join(', ')
    }
    if (name === 'actions' && Array.isArray(value)) {
      const listed = value.map((each) => word('action', String(each))).join(', ')
      return listed || word('action', 'none')
    }
    return textOf(value)
  }
}

/** What was proposed, in one line. */
export function TermsLine({ terms }: { terms: Fields }): ReactNode {
  const shownAs = useValues()
  const line = Object.entries(terms).map(([name, value]) => shownAs(name, value))
  return <span className={css.long}>{line.join(' · ')}</span>
}

/** What was proposed, beside what holds now where that is known. */
export function TermsTable(props: { kind: string; terms: Fields; isOpen: boolean }): ReactNode {
  const { t } = useTranslation()
  const word = useWords()
  const shownAs = useValues()
  const before = useBefore(props.kind, props.terms, props.isOpen)
  return (
    <dl className={termsCss.terms}>
      {Object.entries(props.terms).map(([name, value]) => {
        const now = before?.[name]
        const isOther = now !== undefined && textOf(now) !== textOf(value)
        return (
          <div key={name} className={termsCss.term} data-changed={isOther || undefined}>
            <dt>{word('term', name)}</dt>
            <dd>
              {isOther ? (
                <>
                  <span className="unseen">{t('op.before')} </span>
                  <del>{shownAs(name, now)}</del> <span aria-hidden="true">→</span>{' '}
                </>
              ) : null}
              <span>{shownAs(name, value)}</span>
            </dd>
          </div>
        )
      })}
    </dl>
  )
}
