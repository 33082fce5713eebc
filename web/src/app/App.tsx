import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { Translations } from '~/i18n'
import { chosenLanguage, type Language, loadMessages, type Messages } from '~/i18n/catalog'
import { Toasts } from '~/ui/toasts'
import { usePreferences } from './preferences'
import { queryClient } from './queries'
import { router } from './router'
import { type Services, ServicesProvider } from './services'

interface Spoken {
  language: Language
  messages: Messages
}

export interface AppProps {
  services: Services
  spoken: Spoken
}

export function App({ services, spoken }: AppProps): ReactNode {
  const { language, messages } = useSpoken(spoken)
  return (
    <CSPProvider disableStyleElements>
      <Translations language={language} messages={messages}>
        <ServicesProvider services={services}>
          <QueryClientProvider client={queryClient}>
            <Toasts>
              <RouterProvider router={router} />
            </Toasts>
          </QueryClientProvider>
        </ServicesProvider>
      </Translations>
    </CSPProvider>
  )
}

/** The old language stays until the chosen one is loaded. */
function useSpoken(first: Spoken): Spoken {
  const { language: kept } = usePreferences()
  const [spoken, setSpoken] = useState(first)
  useEffect(() => {
    const language = chosenLanguage(kept, navigator.languages)
    let isCurrent = true
    void loadMessages(language).then((messages) => {
      if (isCurrent) setSpoken({ language, messages })
    })
    return () => {
      isCurrent = false
    }
  }, [kept])
  return spoken
}
