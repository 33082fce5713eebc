import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { SignedInPages } from '~/pages/account/layout/SignedInPages'
import { FUNDS_LINKS } from '../links'

/** Money in and out. */
export function FundsLayout(): ReactNode {
  const { t } = useTranslation()
  const ways = FUNDS_LINKS.map(([to, name]) => ({ to, name: t(name) }))
  return <SignedInPages label={t('funds.title')} ways={ways} />
}
