let last = ''

/** Who was signed in last on this page: asked for again, an address need not be typed again. */
export function lastEmail(): string {
  return last
}

export function rememberEmail(email: string): void {
  last = email
}
