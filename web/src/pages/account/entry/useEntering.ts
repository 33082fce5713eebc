import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { type Entered, signedIn } from '~/api/session'
import { usePreferences } from '~/app/preferences'
import { placeToReturn } from './comingBack'

// Where everybody begins; a new user is better off where one trades.
const BEGINNINGS = ['/markets', '/']

/** Takes an answer that lets somebody in; then `goOn` leads to where they were. */
export function useEntering() {
  const client = useQueryClient()
  const router = useRouter()
  const { lastPair } = usePreferences()
  return {
    enter: async (rows: Entered[]) => {
      const [entered] = rows
      if (entered) await signedIn(client, entered)
    },
    goOn: (isNew = false) =>
      router.history.push(placeToReturn(`/trade/${lastPair}`, isNew ? BEGINNINGS : [])),
  }
}
