let context: AudioContext | null = null

/** Two short tones; the browser lets them sound once the page was used. */
export function playFill(): void {
  context ??= new AudioContext()
  // One that was made before the page was used stays silent until it is told to go on.
  void context.resume()
  const { currentTime } = context
  for (const [index, frequency] of [660, 880].entries()) {
    const tone = context.createOscillator()
    const volume = context.createGain()
    const start = currentTime + index * 0.09
    tone.frequency.value = frequency
    volume.gain.setValueAtTime(0.08, start)
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.16)
    tone.connect(volume).connect(context.destination)
    tone.start(start)
    tone.stop(start + 0.17)
  }
}
