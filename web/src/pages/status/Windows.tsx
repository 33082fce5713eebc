import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Badge } from '~/pages/account/layout/Badge'
import { Section } from '~/pages/account/layout/Section'
import { WindowFacts } from './WindowFacts'
import { pairsOf, useWindows } from './windows'

/** Windows of maintenance that are to come or under way, for everybody. */
export function Windows(): ReactNode {
  const { t } = useTranslation()
  return useWindows().map((window) => (
    <Section
      key={window.href}
      title={t('status.window')}
      action={
        <span>
          <Badge look={window.state === 'scheduled' ? 'plain' : 'bad'}>
            {t(`status.window.${window.state}`)}
          </Badge>
        </span>
      }
    >
      <WindowFacts {...window} {...pairsOf(window.title)} />
    </Section>
  ))
}
