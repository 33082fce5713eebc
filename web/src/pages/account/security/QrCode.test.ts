import { decodeQR } from 'qr/decode.js'
import { expect, test } from 'vitest'
import { drawn } from './QrCode'

const PIXELS = 4

/** What a camera sees of a drawn code. */
function picture(text: string) {
  const { size, path } = drawn(text)
  const side = size * PIXELS
  const data = new Uint8ClampedArray(side * side * 4).fill(255)
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
    for (let row = 0; row < PIXELS; row += 1) {
      for (let column = 0; column < PIXELS; column += 1) {
        const at = (Number(y) * PIXELS + row) * side + Number(x) * PIXELS + column
        data.fill(0, at * 4, at * 4 + 3)
      }
    }
  }
  return { width: side, height: side, data }
}

// Criterion: WEB-ACCT-TOTP-1
test.each([
  'otpauth://totp/Fullreserve:a%40b.example?secret=JBSWY3DPEHPK3PXP&issuer=Fullreserve',
  `otpauth://totp/Fullreserve:${'a'.repeat(200)}%40b.example?secret=JBSWY3DPEHPK3PXP`,
])('a reader reads %s', (text) => {
  expect(decodeQR(picture(text))).toBe(text)
})
