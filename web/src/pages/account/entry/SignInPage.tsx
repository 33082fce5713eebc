import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useSession } from '~/api/session'
import { useTranslation } from '~/i18n'
import { AlreadyIn } from './AlreadyIn'
import { EntryCard } from './EntryCard'
import { SignInForm } from './SignInForm'
import { useEntering } from './useEntering'

export function SignInPage(): ReactNode {
  const { t } = useTranslation()
  const session = useSession()
  const { goOn } = useEntering()
  if (session) return <AlreadyIn email={session.email} />
  const foot = (
    <>
      <span>{t('entry.noAccount')}</span>
      <Link to="/sign-up">{t('entry.signUp')}</Link>
    </>
  )
  return (
    <EntryCard title={t('signIn')} foot={foot}>
      <SignInForm onEntered={() => goOn()} />
    </EntryCard>
  )
}
