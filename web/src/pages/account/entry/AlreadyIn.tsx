import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Button } from '~/ui/Button'
import { EntryCard } from './EntryCard'
import { useEntering } from './useEntering'

/** What the pages of entry show to somebody who is in. */
export function AlreadyIn({ email }: { email: string }): ReactNode {
  const { t } = useTranslation()
  const { goOn } = useEntering()
  return (
    <EntryCard title={t('entry.in')} about={email}>
      <Button look="primary" size="large" wide onClick={() => goOn(true)}>
        {t('entry.goOn')}
      </Button>
    </EntryCard>
  )
}
