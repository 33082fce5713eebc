import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { useDates } from '~/pages/account/layout/dates'
import { Section } from '~/pages/account/layout/Section'
import { useNotices } from './notices'
import css from './StatusPage.module.css'
import { chainIn, isUnwell } from './windows'

/** Networks whose nodes are not believed now: since when, and what waits there. */
export function Unwell(): ReactNode {
  const { t } = useTranslation()
  const date = useDates()
  return useNotices()
    .filter(isUnwell)
    .map(({ href, title, begin }) => (
      <Section key={href} title={t('status.unwell', { chain: chainIn(title) })}>
        <dl className={css.facts}>
          <div>
            <dt>{t('status.since')}</dt>
            <dd>{date(begin)}</dd>
          </div>
        </dl>
        <p className={css.after}>{t('status.unwell.about')}</p>
      </Section>
    ))
}
