import { Menu } from '@base-ui/react/menu'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { LANGUAGES } from '~/i18n/catalog'
import { Button } from '~/ui/Button'
import { CheckIcon } from '~/ui/icons'
import popup from '~/ui/Popup.module.css'
import { prefer } from './preferences'

const SHORT = { en: 'EN', ru: 'РУ', zh: '中' }

export function LanguageMenu(): ReactNode {
  const { t, language } = useTranslation()
  return (
    <Menu.Root>
      <Menu.Trigger
        render={
          <Button
            look="ghost"
            aria-label={`${SHORT[language]}, ${t('language')}: ${LANGUAGES[language]}`}
          />
        }
      >
        {SHORT[language]}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className={popup.place} sideOffset={6} align="end">
          <Menu.Popup className={popup.popup}>
            <Menu.RadioGroup
              value={language}
              onValueChange={(next: string) => prefer({ language: next })}
            >
              {Object.entries(LANGUAGES).map(([id, name]) => (
                <Menu.RadioItem key={id} value={id} lang={id} className={popup.item} closeOnClick>
                  {name}
                  <Menu.RadioItemIndicator className={popup.mark}>
                    <CheckIcon />
                  </Menu.RadioItemIndicator>
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
