import { type ChangeEvent, type RefObject, useEffect, useRef, useState } from 'react'
import { Refusal } from '~/api/refusal'
import { useRefusalText } from '~/app/refusals'
import { type MessageKey, useTranslation } from '~/i18n'

export type Faults<N extends string> = Partial<Record<N, MessageKey>>

export interface FormOptions<N extends string> {
  initial: Record<N, string>
  /** What is wrong with what was typed, before it is sent. */
  check?(values: Record<N, string>): Faults<NoInfer<N>>
  /** The field that a refusal is about, by code. */
  codes?: Record<string, NoInfer<N>>
  send(values: Record<N, string>): Promise<void>
}

/** What a text field is given. */
export interface Bound {
  name: string
  value: string
  onChange(event: ChangeEvent<HTMLInputElement>): void
  error?: string
}

export interface FormState<N extends string> {
  values: Record<N, string>
  set(name: N, value: string): void
  reset(): void
  bind(name: N): Bound
  /** Sends it, but never twice at once. */
  submit(): Promise<void>
  busy: boolean
  /** A refusal that is about no field. */
  problem: unknown
  element: RefObject<HTMLFormElement | null>
}

const NO_USER = /^There is no such user\b/
const PARAMETER = /^Parameter (\w+)/

/** A form that keeps what was typed until it was taken, and says at each field what is wrong. */
export function useForm<N extends string>(options: FormOptions<N>): FormState<N> {
  const { t } = useTranslation()
  const refusal = useRefusalText()
  const [values, setValues] = useState(options.initial)
  const [faults, setFaults] = useState<Faults<N>>({})
  const { busy, problem, run, clear } = useAction(() => options.send(values))
  const element = useRef<HTMLFormElement>(null)
  const blamed = fieldOf(problem, options)
  useFocusOnFault(element, faults, problem)

  const set = (name: N, value: string) => {
    setValues((before) => ({ ...before, [name]: value }))
    setFaults(({ [name]: _, ...others }) => others as Faults<N>)
    if (blamed === name) clear()
  }
  const errorOf = (name: N) => {
    const fault = faults[name]
    if (fault) return t(fault)
    return blamed === name ? refusal(problem) : undefined
  }
  const bind = (name: N) => {
    const error = errorOf(name)
    return {
      name,
      value: values[name],
      onChange: (event: ChangeEvent<HTMLInputElement>) => set(name, event.target.value),
      ...(error ? { error } : {}),
    }
  }
  const submit = async () => {
    const found = options.check?.(values) ?? {}
    setFaults(found)
    if (Object.keys(found).length === 0) await run()
    else clear()
  }
  const reset = () => setValues(options.initial)
  return { values, set, reset, bind, submit, busy, problem: blamed ? null : problem, element }
}

/** Which field a refusal is about, if any. */
function fieldOf<N extends string>(problem: unknown, options: FormOptions<N>): N | undefined {
  if (!(problem instanceof Refusal)) return undefined
  const known = options.codes?.[problem.code]
  if (known) return known
  if (NO_USER.test(problem.message) && 'uid' in options.initial) return 'uid' as N
  const named = PARAMETER.exec(problem.message)?.[1]
  return named && named in options.initial ? (named as N) : undefined
}

/** After each attempt that failed, the first field that is wrong. */
function useFocusOnFault(
  element: RefObject<HTMLFormElement | null>,
  faults: object,
  problem: unknown,
): void {
  useEffect(() => {
    if (Object.keys(faults).length === 0 && !problem) return
    element.current?.querySelector<HTMLElement>('input[aria-invalid="true"]')?.focus()
  }, [element, faults, problem])
}

export interface Action<A extends unknown[]> {
  run(...given: A): Promise<void>
  busy: boolean
  problem: unknown
  clear(): void
}

/** Work that a person asked for: never twice at once, and what went wrong stays in sight. */
export function useAction<A extends unknown[]>(work: (...given: A) => Promise<void>): Action<A> {
  const isRunning = useRef(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const run = async (...given: A) => {
    if (isRunning.current) return
    isRunning.current = true
    setBusy(true)
    setProblem(null)
    try {
      await work(...given)
    } catch (thrown) {
      setProblem(thrown)
    } finally {
      isRunning.current = false
      setBusy(false)
    }
  }
  return { run, busy, problem, clear: () => setProblem(null) }
}
