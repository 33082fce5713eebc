import '~/styles/fonts.css'
import '~/styles/tokens.css'
import '~/styles/page.css'
import { createRoot } from 'react-dom/client'
import { loadConfig } from '~/api/config'
import { rest } from '~/api/rest'
import { sessionQuery } from '~/api/session'
import { App } from '~/app/App'
import { preferences } from '~/app/preferences'
import { endSession, queryClient } from '~/app/queries'
import { router } from '~/app/router'
import { makeServices } from '~/app/services'
import { chosenLanguage, loadMessages } from '~/i18n/catalog'
import { instrumentsQuery } from '~/market/instruments'

const RETRY_MS = 1_500

/** The page's files may be there while the exchange restarts: it is asked until it answers. */
async function untilLoaded<T>(load: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await load()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

async function start(): Promise<void> {
  const language = chosenLanguage(preferences().language, navigator.languages)
  // The page's own code, beside the messages.
  void router.load()
  // Asked for while the page's own files are still on their way.
  void queryClient.prefetchQuery(sessionQuery)
  void queryClient.prefetchQuery(instrumentsQuery)
  const [config, messages] = await Promise.all([
    untilLoaded(loadConfig),
    untilLoaded(() => loadMessages(language)),
  ])
  const root = document.getElementById('root')
  if (!root) throw new Error('no root')
  const services = makeServices(config)
  rest.onSessionEnd(() => endSession(services.streams))
  createRoot(root).render(<App services={services} spoken={{ language, messages }} />)
}

void start()
