import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import type { Language } from '~/i18n/catalog'
import { Expected } from '~/pages/status/Expected'
import { byGravity, type Suspension, useStopped } from '~/pages/status/suspensions'
import { useWorks } from '~/pages/status/works'
import { Banner } from '~/ui/Banner'
import css from './SuspensionBanner.module.css'

/** On every page while something is suspended: the widest, why, what goes on, and until when. */
export function SuspensionBanner(): ReactNode {
  const { t, language } = useTranslation()
  const stopped = useStopped()
  const works = useWorks(stopped)
  // Of a segment few are; the status page has it.
  const open = stopped?.suspensions.filter(({ level }) => level !== 'segment') ?? []
  const [first, ...others] = byGravity(open)
  if (!first) return null
  const { title, estOpenTs, isLate, state } = first
  const unknown = t(state === 'draining' ? 'status.draining' : 'status.noEstimate')
  return (
    <Banner role="status" isAcross>
      <div className={css.words}>
        <b>{title[language as Language] ?? title.en}</b>
        {others.length ? <Others rows={others} /> : null}
        {works ? <span>{t('status.works', { works })}</span> : null}
        <span>
          <Expected ts={estOpenTs} isLate={isLate} unknown={unknown} />
        </span>
        <Link to="/status" className={css.link}>
          {t('status.title')}
        </Link>
      </div>
    </Banner>
  )
}

/** How many more there are; each of them once one asks. */
function Others({ rows }: { rows: readonly Suspension[] }): ReactNode {
  const { t, language } = useTranslation()
  return (
    <details className={css.others}>
      <summary>{t('status.more', { count: rows.length })}</summary>
      <ul>
        {rows.map(({ suspension, title }) => (
          <li key={suspension}>{title[language as Language] ?? title.en}</li>
        ))}
      </ul>
    </details>
  )
}
