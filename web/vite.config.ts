import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { precompress } from './build/precompress.ts'

// The running exchange that `npm run dev` shows.
const EXCHANGE = process.env.EXCHANGE ?? 'http://127.0.0.1:8080'

// Few files instead of fifty: each costs a request. What only some pages need stays apart.
const GROUPS = [
  { name: 'base', test: /node_modules\/(?!lightweight-charts|trading-signals|fancy-canvas|qr\/)/ },
  { name: 'shell', test: /src\/(api|app|i18n|market|stream|styles|trading|ui)\/(?!messages)/ },
]

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
    rolldownOptions: { output: { advancedChunks: { groups: GROUPS } } },
  },
  server: { proxy: { '/api': EXCHANGE, '/app-config.json': EXCHANGE } },
})
