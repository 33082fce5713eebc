import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const TEXT = new Set(['.html', '.js', '.css', '.json', '.svg', '.txt', '.webmanifest'])
const WORTH_BYTES = 600

/** Puts `.br` and `.gz` beside what is built, so that the exchange never compresses a file. */
export function precompress(): Plugin {
  let folder = 'dist'
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir
    },
    closeBundle() {
      for (const path of filesBelow(folder)) {
        const content = readFileSync(path)
        if (!TEXT.has(extname(path)) || content.length < WORTH_BYTES) continue
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }
        writeFileSync(`${path}.br`, brotliCompressSync(content, quality))
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
      }
    },
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}
