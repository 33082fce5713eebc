import { Menu } from '@base-ui/react/menu'
import { type CSSProperties, type DragEvent, type ReactNode, useState } from 'react'
import { useStore } from '~/app/store'
import { type MessageKey, useTranslation } from '~/i18n'
import { IconButton } from '~/ui/Button'
import { GearIcon } from '~/ui/icons'
import popup from '~/ui/Popup.module.css'
import { arrange, DEFAULT, layoutStore, PANELS, type Panel, type Place, swapped } from './layout'
import { Splitter } from './Splitter'
import css from './Workspace.module.css'

const TITLES: Record<Panel, MessageKey> = {
  chart: 'chart.title',
  book: 'book.title',
  trades: 'trades.title',
  form: 'form.title',
  orders: 'orders.title',
}

/** The panels in their places: they can be swapped, the places resized; both are remembered. */
export function Workspace({ panels }: { panels: Record<Panel, ReactNode> }): ReactNode {
  const layout = useStore(layoutStore)
  const [dragged, setDragged] = useState<Panel | null>(null)
  const { middle, side, bottom, split } = layout
  const sizes = {
    '--middle': `${middle}px`,
    '--side': `${side}px`,
    '--bottom': `${bottom}fr`,
    '--top': `${100 - bottom}fr`,
    '--split-top': `${split}fr`,
    '--split-bottom': `${100 - split}fr`,
  }
  const slot = (place: Place) => {
    const panel = layout.places[place]
    return (
      <Frame key={panel} panel={panel} dragged={dragged} setDragged={setDragged}>
        {panels[panel]}
      </Frame>
    )
  }
  return (
    <div className={css.workspace} style={sizes as CSSProperties}>
      <div className={css.left}>
        <div className={css.upper}>
          {slot('main')}
          <Splitter name="middle" />
          <div className={css.middle}>
            {slot('middleTop')}
            <Splitter name="split" />
            {slot('middleBottom')}
          </div>
        </div>
        <Splitter name="bottom" />
        {slot('bottom')}
      </div>
      <Splitter name="side" />
      {slot('side')}
    </div>
  )
}

interface FrameProps {
  panel: Panel
  dragged: Panel | null
  setDragged(panel: Panel | null): void
  children: ReactNode
}

/** A panel with its title, which can be dragged onto another panel to change places with it. */
function Frame({ panel, dragged, setDragged, children }: FrameProps): ReactNode {
  const { t } = useTranslation()
  const isTarget = dragged !== null && dragged !== panel
  const drop = (event: DragEvent) => {
    event.preventDefault()
    if (dragged) arrange(swapped(layoutStore.get(), dragged, panel))
    setDragged(null)
  }
  return (
    <section
      className={css.panel}
      data-panel={panel}
      data-target={isTarget || undefined}
      aria-label={t(TITLES[panel])}
      onDragOver={(event) => isTarget && event.preventDefault()}
      onDrop={drop}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the menu does the same by keyboard */}
      <header
        className={css.head}
        draggable
        onDragStart={() => setDragged(panel)}
        onDragEnd={() => setDragged(null)}
      >
        <h2 className={css.title}>{t(TITLES[panel])}</h2>
        <PlaceMenu panel={panel} />
      </header>
      <div className={css.content}>{children}</div>
    </section>
  )
}

/** The same without a mouse. */
function PlaceMenu({ panel }: { panel: Panel }): ReactNode {
  const { t } = useTranslation()
  return (
    <Menu.Root>
      <Menu.Trigger
        render={<IconButton size="small" label={t('layout.menu', { panel: t(TITLES[panel]) })} />}
      >
        <GearIcon size={13} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className={popup.place} sideOffset={4} align="end">
          <Menu.Popup className={popup.popup}>
            {PANELS.filter((other) => other !== panel).map((other) => (
              <Menu.Item
                key={other}
                className={popup.item}
                onClick={() => arrange(swapped(layoutStore.get(), panel, other))}
              >
                {t('layout.swap', { panel: t(TITLES[other]) })}
              </Menu.Item>
            ))}
            <div className={popup.line} />
            <Menu.Item className={popup.item} onClick={() => arrange(DEFAULT)}>
              {t('layout.reset')}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
