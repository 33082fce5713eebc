import { Dialog } from '@base-ui/react/dialog'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react'
import { useSession } from '~/api/session'
import { type MessageKey, useTranslation } from '~/i18n'
import { LANGUAGES } from '~/i18n/catalog'
import type { Translator } from '~/i18n/translator'
import { useInstruments } from '~/market/instruments'
import { FUNDS_LINKS } from '~/pages/funds/links'
import { useTransfer } from '~/pages/portfolio/transfer'
import css from './CommandPalette.module.css'
import { type Command, matching } from './commands'
import { type PaletteScope, paletteStore } from './palette'
import { prefer, preferences } from './preferences'
import { useStore } from './store'
import { useTrading } from './trading'

/** Everything by name: Ctrl+K, or / for pairs alone. */
export function CommandPalette(): ReactNode {
  const { t } = useTranslation()
  const scope = useStore(paletteStore)
  const close = () => paletteStore.set(null)
  return (
    <Dialog.Root open={scope !== null} onOpenChange={(isOpen) => isOpen || close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css.scrim} />
        <Dialog.Popup className={css.palette} aria-label={t('palette.title')}>
          {scope ? <Search scope={scope} close={close} /> : null}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Search({ scope, close }: { scope: PaletteScope; close(): void }): ReactNode {
  const { t } = useTranslation()
  const [words, setWords] = useState('')
  const [chosen, setChosen] = useState(0)
  const id = useId()
  const commands = matching(useCommands(scope), words)
  const run = (command: Command | undefined) => {
    if (!command) return
    close()
    command.run()
  }
  const press = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by) {
      event.preventDefault()
      setChosen((commands.length + chosen + by) % Math.max(1, commands.length))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(commands[chosen])
    }
  }
  return (
    <>
      <input
        // biome-ignore lint/a11y/noAutofocus: what is typed at once would go to the page's own keys
        autoFocus
        className={css.input}
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={commands[chosen] ? `${id}-${chosen}` : undefined}
        aria-label={t(scope === 'pairs' ? 'markets.search' : 'palette.title')}
        placeholder={t(scope === 'pairs' ? 'markets.search' : 'palette.title')}
        value={words}
        onChange={(event) => {
          setWords(event.target.value)
          setChosen(0)
        }}
        onKeyDown={press}
      />
      <div id={id} role="listbox" className={css.list} aria-label={t('palette.title')}>
        {commands.map((command, index) => (
          <Option
            key={command.name}
            id={`${id}-${index}`}
            command={command}
            isChosen={index === chosen}
            run={() => run(command)}
          />
        ))}
      </div>
      {commands.length === 0 ? <p className={css.none}>{t('palette.none')}</p> : null}
    </>
  )
}

interface OptionProps {
  id: string
  command: Command
  isChosen: boolean
  run(): void
}

function Option({ id, command, isChosen, run }: OptionProps): ReactNode {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are taken by the field above
    // biome-ignore lint/a11y/useFocusableInteractive: the field points at it
    <div
      id={id}
      role="option"
      aria-selected={isChosen}
      className={css.option}
      onClick={run}
      ref={(element) => {
        if (isChosen) element?.scrollIntoView({ block: 'nearest' })
      }}
    >
      <span>{command.name}</span>
      {command.keys ? <kbd>{command.keys}</kbd> : null}
    </div>
  )
}

const PAGES: readonly (readonly [string, MessageKey])[] = [
  ['/markets', 'nav.markets'],
  ['/portfolio', 'nav.portfolio'],
  ['/orders', 'nav.orders'],
  ...FUNDS_LINKS,
  ['/reserves', 'nav.reserves'],
  ['/status', 'status.title'],
]

function useCommands(scope: PaletteScope): Command[] {
  const translator = useTranslation()
  const navigate = useNavigate()
  const instruments = useInstruments() ?? []
  const trading = useTrading()
  const session = useSession()
  const openTransfer = useTransfer()
  const pairs = instruments.map(({ instId, baseCcy, quoteCcy }) => ({
    name: `${baseCcy}/${quoteCcy}`,
    run: () => void navigate({ to: `/trade/${instId}` }),
  }))
  if (scope === 'pairs') return pairs
  const { t } = translator
  const pages = PAGES.map(([to, name]) => ({ name: t(name), run: () => void navigate({ to }) }))
  return [
    { name: t('palette.buy'), keys: 'B', run: () => trading.fill('buy') },
    { name: t('palette.sell'), keys: 'S', run: () => trading.fill('sell') },
    { name: t('orders.cancelAll'), keys: '⇧X', run: trading.cancelAll },
    ...pages,
    ...(session ? [{ name: t('transfer.title'), run: () => openTransfer('USDT') }] : []),
    ...looks(translator),
    ...pairs,
  ]
}

function looks({ t }: Translator): Command[] {
  const isDark = preferences().theme === 'dark'
  return [
    {
      name: t(isDark ? 'theme.toLight' : 'theme.toDark'),
      run: () => prefer({ theme: isDark ? 'light' : 'dark' }),
    },
    ...Object.entries(LANGUAGES).map(([id, name]) => ({
      name: `${t('language')}: ${name}`,
      run: () => prefer({ language: id }),
    })),
  ]
}
