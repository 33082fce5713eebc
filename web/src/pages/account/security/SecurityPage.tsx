import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { PageHead } from '../layout/Section'
import { PasskeysSection } from '../passkeys/PasskeysSection'
import { ClosureSection } from './ClosureSection'
import { PasswordSection } from './PasswordSection'
import { StoppedNote } from './StoppedNote'
import { TotpSection } from './TotpSection'
import { WithdrawalSettings } from './WithdrawalSettings'

export function SecurityPage(): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <PageHead title={t('security.title')} about={t('security.about')} />
      <StoppedNote />
      <PasswordSection />
      <TotpSection />
      <PasskeysSection />
      <WithdrawalSettings />
      <ClosureSection />
    </>
  )
}
