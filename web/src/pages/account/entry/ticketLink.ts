import { useLocation } from '@tanstack/react-router'

export interface TicketLink {
  ticket: string
  code: string
}

/** What a link in a message carries behind its `#`, so that no server's log holds it. */
export function useTicketLink(): TicketLink {
  const hash = useLocation({ select: (location) => location.hash })
  return readTicketLink(hash)
}

export function readTicketLink(hash: string): TicketLink {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  return { ticket: given.get('ticket') ?? '', code: given.get('code') ?? '' }
}
