import type { ReactNode } from 'react'
import { useTitle } from '~/app/title'
import { useTranslation } from '~/i18n'

export function MarketsPage(): ReactNode {
  const { t } = useTranslation()
  useTitle(t('markets.title'))
  return <h1>{t('markets.title')}</h1>
}
