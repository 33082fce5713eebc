import { encodeQR } from 'qr'
import type { ReactNode } from 'react'
import css from './Security.module.css'

// The margin that the standard asks for around a code, in modules.
const QUIET = 4

/** A text as a QR code, drawn here: no other host learns it. Readers want dark on light. */
export function QrCode({ text, label }: { text: string; label: string }): ReactNode {
  const { size, path } = drawn(text)
  return (
    <svg className={css.qr} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" shapeRendering="crispEdges" />
    </svg>
  )
}

/** The code as the path of its dark modules. */
export function drawn(text: string): { size: number; path: string } {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET })
  const squares = rows.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  )
  return { size: rows.length, path: squares.join('') }
}
