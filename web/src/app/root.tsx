import { createRootRoute, Link, Outlet } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from '~/i18n'
import { Asking } from '~/pages/account/proof/Asking'
import { TransferDialog } from '~/pages/portfolio/TransferDialog'
import { Button } from '~/ui/Button'
import { AccountNotices } from './AccountNotices'
import { ClockNotice } from './ClockNotice'
import { CommandPalette } from './CommandPalette'
import { Header } from './Header'
import { Notice } from './Notice'
import { Shortcuts } from './Shortcuts'
import { SuspensionBanner } from './SuspensionBanner'

/** What every page hangs under: the header above, the page below. */
export const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: Broken,
})

function Shell(): ReactNode {
  return (
    <>
      <Header />
      <main id="main" tabIndex={-1}>
        <ClockNotice />
        <SuspensionBanner />
        <Outlet />
      </main>
      <AccountNotices />
      <CommandPalette />
      <Shortcuts />
      <TransferDialog />
      <Asking />
    </>
  )
}

function NotFound(): ReactNode {
  const { t } = useTranslation()
  return (
    <Notice title={t('notFound.title')}>
      <p>{t('notFound.about')}</p>
      <Link to="/">{t('nav.markets')}</Link>
    </Notice>
  )
}

/** A page that could not be shown, or whose files are of a build that is gone. */
function Broken(): ReactNode {
  const { t } = useTranslation()
  return (
    <Notice title={t('broken.title')}>
      <p>{t('broken.about')}</p>
      <Button look="primary" onClick={() => location.reload()}>
        {t('broken.reload')}
      </Button>
    </Notice>
  )
}
