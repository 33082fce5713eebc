import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Banner } from '~/ui/Banner'
import { Button } from '~/ui/Button'
import { askSignIn } from './asking'

/** The page stays with what was typed; signing in again goes on with it. */
export function SessionEnded(): ReactNode {
  const { t } = useTranslation()
  return (
    <Banner role="alert">
      <span>{t('refusal.90002')}</span>
      <Button look="primary" onClick={() => void askSignIn()}>
        {t('signIn')}
      </Button>
    </Banner>
  )
}
