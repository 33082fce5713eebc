import type { MessageKey } from '~/i18n'

export const PERMISSIONS = ['read_only', 'trade', 'withdraw'] as const
export type Permission = (typeof PERMISSIONS)[number]

export const PERMISSION_NAMES: Record<Permission, MessageKey> = {
  read_only: 'apiKeys.perm.read',
  trade: 'apiKeys.perm.trade',
  withdraw: 'apiKeys.perm.withdraw',
}

export function permissionsOf(perm: string): Permission[] {
  const given = perm.split(',')
  return PERMISSIONS.filter((each) => given.includes(each))
}

/** A comma list with or without one of the permissions; reading is part of each key. */
export function withPermission(perm: string, which: Permission, on: boolean): string {
  const given = new Set(permissionsOf(perm))
  if (on) given.add(which)
  else given.delete(which)
  return PERMISSIONS.filter((each) => each === 'read_only' || given.has(each)).join(',')
}

/** Addresses as people list them, by comma, space or line, as the exchange takes them. */
export function addressList(text: string): string {
  return text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .join(',')
}
