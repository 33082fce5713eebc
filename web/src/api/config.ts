/** What `/app-config.json` says of this exchange. */
export interface AppConfig {
  /** Where the WebSocket paths begin: ws://host:8081/ws/v5/ */
  socket: string
  /** Whether each channel is served on its own path alone. */
  strict: boolean
  demo: boolean
  version: string
}

export async function loadConfig(): Promise<AppConfig> {
  const response = await fetch('/app-config.json')
  if (!response.ok) throw new Error(`app-config.json: ${response.status}`)
  return (await response.json()) as AppConfig
}
