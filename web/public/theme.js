// Before the first paint, so that nobody who chose light sees a dark flash.
try {
  const kept = JSON.parse(localStorage.getItem('fullreserve.preferences') || '{}')
  if (kept.theme) document.documentElement.dataset.theme = kept.theme
  if (kept.redUp) document.documentElement.dataset.redUp = ''
} catch {
  // What is kept cannot be read: the defaults hold.
}
