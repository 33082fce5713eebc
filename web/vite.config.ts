import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { precompress } from './build/precompress.ts'

// The running exchange that `npm run dev` shows.
const EXCHANGE = process.env.EXCHANGE ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react(), precompress()],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    // Nothing as a data URL: the policy lets fonts and scripts come from this address alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': EXCHANGE, '/app-config.json': EXCHANGE } },
})
