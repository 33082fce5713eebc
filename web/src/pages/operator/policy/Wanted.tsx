import type { ReactNode } from 'react'
import css from '../layout/Cells.module.css'
import { useTranslation } from '../texts'
import type { Decision, Want } from './rows'

/** How many have approved of whom a decision wants approvals: a rule's group, and reviewers. */
export function Wanted({ decision: { wants } }: { decision: Decision }): ReactNode {
  const { t } = useTranslation()
  const nameOf = useNames()
  if (wants.length === 0) return '–'
  return (
    <span className={css.lines}>
      {wants.map((want, at) => (
        <span key={want.group}>
          {t('op.wants.of', {
            who: nameOf(want, at),
            given: want.approvals.length,
            needed: want.needed,
          })}
        </span>
      ))}
    </span>
  )
}

/** Whose approvals a decision still waits for; '' where for nobody's. */
export function useLacking(): (decision: Decision) => string {
  const nameOf = useNames()
  return ({ state, wants }) =>
    state === 'waiting'
      ? wants.flatMap((want, at) => (isLacking(want) ? [nameOf(want, at)] : [])).join(', ')
      : ''
}

const isLacking = ({ needed, approvals }: Want) => approvals.length < Number(needed)

function useNames(): (want: Want, at: number) => string {
  const { t } = useTranslation()
  return ({ group }, at) => {
    if (at > 0) return t('op.wants.reviewers')
    return group === '1' ? t('op.operators') : t('op.wants.group', { group })
  }
}
