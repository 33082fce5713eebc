import { expect, test } from 'vitest'
import { digits, emailFault, faults, labelFault, newPasswordFault, passphraseFault } from './checks'

// Criterion: WEB-ACCT-FORM-1
test.each([
  [emailFault, 'a@b.example', undefined],
  [emailFault, ' a@b.example ', undefined],
  [emailFault, 'a@b', 'form.email.fault'],
  [emailFault, 'a b@c.example', 'form.email.fault'],
  [newPasswordFault, '123456789', 'form.password.fault'],
  [newPasswordFault, '1234567890', undefined],
  [newPasswordFault, '😀'.repeat(128), undefined],
  [newPasswordFault, 'x'.repeat(129), 'form.password.fault'],
  [labelFault, '   ', 'form.label.fault'],
  [labelFault, 'я'.repeat(50), undefined],
  [passphraseFault, 'пароль-12', 'form.passphrase.fault'],
  [passphraseFault, 'Phrase-12', undefined],
])('%o finds in %j: %s', (check, text, fault) => {
  expect(check(text)).toBe(fault)
})

// Criterion: WEB-ACCT-FORM-1
test('a code may be pasted in groups', () => {
  expect(digits(' 1234 56-78\n')).toBe('12345678')
})

// Criterion: WEB-ACCT-FORM-1
test('only what is wrong counts as wrong', () => {
  expect(faults({ email: undefined, password: 'form.required' })).toEqual({
    password: 'form.required',
  })
})
