import { Menu } from '@base-ui/react/menu'
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { rest } from '~/api/rest'
import { signedOut, useSession } from '~/api/session'
import { type MessageKey, useTranslation } from '~/i18n'
import { ACCOUNT_LINKS } from '~/pages/account/links'
import { FUNDS_LINKS } from '~/pages/funds/links'
import { Button } from '~/ui/Button'
import { CheckIcon, PersonIcon } from '~/ui/icons'
import popup from '~/ui/Popup.module.css'
import { toast } from '~/ui/toasts'
import css from './AccountMenu.module.css'
import { prefer, usePreferences } from './preferences'
import { useRefusalText } from './refusals'
import { useServices } from './services'

/** Sign in and sign up, or what belongs to who is signed in. */
export function AccountMenu(): ReactNode {
  const { t } = useTranslation()
  const session = useSession()
  if (session) return <SignedIn email={session.email} uid={session.uid} />
  return (
    <span className={css.entries} data-unknown={session === undefined || undefined}>
      <Link to="/sign-in" className={css.link}>
        {t('signIn')}
      </Link>
      <Link to="/sign-up" className={css.main}>
        {t('signUp')}
      </Link>
    </span>
  )
}

function SignedIn({ email, uid }: { email: string; uid: string }): ReactNode {
  const { t } = useTranslation()
  const signOut = useSignOut()
  return (
    <Menu.Root>
      <Menu.Trigger render={<Button look="ghost" aria-label={`${t('account')}: ${email}`} />}>
        <PersonIcon />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className={popup.place} sideOffset={6} align="end">
          <Menu.Popup className={popup.popup}>
            <div className={css.who}>
              <b>{email}</b>
              <span>UID {uid}</span>
            </div>
            <div className={popup.line} />
            {[...FUNDS_LINKS, ...ACCOUNT_LINKS].map(([to, name]) => (
              <Entry key={to} to={to} name={name} />
            ))}
            <div className={popup.line} />
            <Choices />
            <div className={popup.line} />
            <Menu.Item className={popup.item} onClick={signOut}>
              {t('signOut')}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

function Entry({ to, name }: { to: string; name: MessageKey }): ReactNode {
  const { t } = useTranslation()
  return (
    <Menu.Item className={popup.item} render={<Link to={to} />}>
      {t(name)}
    </Menu.Item>
  )
}

/** Choices of how things look and sound. */
function Choices(): ReactNode {
  const { t } = useTranslation()
  const { redUp, sound, theme } = usePreferences()
  const choices = [
    [
      t('choice.light'),
      theme === 'light',
      (on: boolean) => prefer({ theme: on ? 'light' : 'dark' }),
    ],
    [t('choice.redUp'), redUp, (on: boolean) => prefer({ redUp: on })],
    [t('choice.sound'), sound, (on: boolean) => prefer({ sound: on })],
  ] as const
  return choices.map(([name, checked, onChange]) => (
    <Menu.CheckboxItem
      key={name}
      className={popup.item}
      checked={checked}
      onCheckedChange={onChange}
    >
      {name}
      <Menu.CheckboxItemIndicator className={popup.mark}>
        <CheckIcon />
      </Menu.CheckboxItemIndicator>
    </Menu.CheckboxItem>
  ))
}

function useSignOut(): () => Promise<void> {
  const client = useQueryClient()
  const navigate = useNavigate()
  const refusal = useRefusalText()
  const { streams } = useServices()
  return async () => {
    try {
      await rest.post('x/sign-out', {})
    } catch (problem) {
      toast(refusal(problem), 'bad')
      return
    }
    streams.leave()
    signedOut(client)
    await navigate({ to: '/markets' })
  }
}
