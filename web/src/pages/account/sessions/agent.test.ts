import { expect, test } from 'vitest'
import { agentName } from './agent'

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)'

// Criterion: WEB-ACCT-SESSIONS-1
test.each([
  [`${CHROME} Chrome/156.0.0.0 Safari/537.36`, 'Chrome 156 · Linux'],
  [`${CHROME} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.1.2`, 'Edge 156 · Linux'],
  ['Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox 140 · Windows'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 ' +
      '(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    'Safari 18 · iPhone',
  ],
  ['<img src=x onerror=alert(1)>', ''],
])('%s is %s', (agent, name) => {
  expect(agentName(agent)).toBe(name)
})
