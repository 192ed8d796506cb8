import {
  ErrorAnswer,
  KeyAnswer,
  SharesAnswer,
  SubjectAnswer,
  SwapAnswer,
  type ControlAnswers,
  type ControlEvent,
} from '@order-up/control'
import type { LambdaClient } from '@aws-sdk/client-lambda'
import { endIfOrphaned } from './orphan.ts'

/** Where the control function is. */
export interface ControlFunction {
  functionName: string
  /** AWS region */
  region: string
}

/** What the control function answered in the place of an answer. */
export class ControlError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'ControlError'
    this.code = code
  }
}

const ANSWERS = { subject: SubjectAnswer, swap: SwapAnswer, shares: SharesAnswer, key: KeyAnswer }
type Asked = Extract<ControlEvent, { action: keyof typeof ANSWERS }>

export interface Patience {
  /** how long it is asked again where nothing was done yet; default 5 min: a new registry or function takes as long */
  patienceMs?: number
  /** between two attempts; default 3 s */
  pauseMs?: number
  /** told what is waited for, once */
  say?: (line: string) => void
}

/**
 * Invokes the control function, and again where it could not begin, where AWS failed, or where it could not reach what it
 * needs: every action may be repeated.
 * @throws ControlError in the function's own words, which are the registry's own where it was the registry that refused
 * @throws Error naming the function and the next command where it can't be invoked
 */
export async function ask<Event extends Asked>(
  { functionName, region }: ControlFunction,
  event: Event,
  { patienceMs = 300_000, pauseMs = 3_000, say = console.log }: Patience = {},
): Promise<ControlAnswers[Event['action']]> {
  const { LambdaClient } = await import('@aws-sdk/client-lambda')
  const client = new LambdaClient({
    region,
    maxAttempts: 1,
    // longer than the function's own limit
    requestHandler: { connectionTimeout: 10_000, requestTimeout: 310_000 },
  })
  const deadline = Date.now() + patienceMs
  let said = false
  try {
    for (;;) {
      await endIfOrphaned()
      const outcome = await attempt(client, functionName, event)
      if ('answer' in outcome) return outcome.answer
      const { error, again } = outcome
      if (!again || Date.now() + pauseMs > deadline)
        throw error instanceof ControlError
          ? error
          : cannotInvoke(error, event.action, functionName, region)
      if (!said) say(`waiting for ${functionName} ("${event.action}"): ${error.message}`)
      said = true
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  } finally {
    client.destroy()
  }
}

type Outcome<Answer> = { answer: Answer } | { error: Error; again: boolean }

async function attempt<Event extends Asked>(
  client: LambdaClient,
  functionName: string,
  event: Event,
): Promise<Outcome<ControlAnswers[Event['action']]>> {
  const { InvokeCommand } = await import('@aws-sdk/client-lambda')
  try {
    const { Payload, FunctionError } = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
    )
    const payload = Payload?.transformToString() ?? ''
    if (FunctionError === undefined) return answerOf(payload, event)
    return { error: new Error(thrown(payload)), again: CUT_SHORT.test(payload) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { error, again: passes(error) }
  }
}

/** What the function could not reach may come up, as a registry on its first deploy. */
const PASSING_CODE = /_UNREACHABLE$/

function answerOf<Event extends Asked>(
  payload: string,
  { action }: Event,
): Outcome<ControlAnswers[Event['action']]> {
  const body: unknown = JSON.parse(payload)
  const refused = ErrorAnswer.safeParse(body)
  if (refused.success) {
    const { code, message } = refused.data.error
    return { error: new ControlError(code, message), again: PASSING_CODE.test(code) }
  }
  const answer = ANSWERS[action].safeParse(body)
  if (answer.success) return { answer: answer.data as ControlAnswers[Event['action']] }
  const error = new Error(
    `it answered ${payload.slice(0, 300)}, which this program does not know: the two are of different versions`,
  )
  return { error, again: false }
}

/** Lambda ended the function: it was too slow, or its sandbox died. Another call may go well. */
const CUT_SHORT = /Task timed out|Sandbox\.Timedout|Runtime\.ExitError/

/** What a function that threw leaves as its answer: {errorType, errorMessage}. */
function thrown(payload: string): string {
  try {
    const { errorType, errorMessage } = JSON.parse(payload) as Record<string, unknown>
    return `it failed: ${[errorType, errorMessage].filter((part) => typeof part === 'string').join(': ')}`
  } catch {
    return `it failed: ${payload}`
  }
}

const PASSING: ReadonlySet<string> = new Set([
  // too many calls
  'TooManyRequestsException',
  'ThrottlingException',
  'EC2ThrottledException',
  // being created or updated, or woken up after weeks of rest
  'ResourceConflictException',
  'ResourceNotReadyException',
  // on the way
  'TimeoutError',
  'NetworkingError',
])

function passes(error: Error & { code?: unknown; $metadata?: { httpStatusCode?: number } }) {
  const { name, code, $metadata } = error
  const cut = typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN)/.test(code)
  return PASSING.has(name) || cut || ($metadata?.httpStatusCode ?? 0) >= 500
}

const CREDENTIALS =
  /Credentials|ExpiredToken|UnrecognizedClient|InvalidSignature|InvalidClientTokenId|TokenProvider/

function cannotInvoke(error: Error, action: string, functionName: string, region: string): Error {
  const next = CREDENTIALS.test(error.name)
    ? 'give this shell AWS credentials (`aws sso login`, AWS_PROFILE or AWS_ACCESS_KEY_ID; of the stack’s config only aws:profile is followed here), then the same command again'
    : error.name === 'ResourceNotFoundException'
      ? '`pulumi refresh` if it was deleted by hand, then `pulumi up`, which makes it'
      : error.name === 'AccessDeniedException'
        ? 'allow whoever deploys lambda:InvokeFunction on it'
        : `its log: \`aws logs tail "$(aws lambda get-function-configuration --region ${region} --function-name ${functionName} --query LoggingConfig.LogGroup --output text)" --region ${region} --since 15m\`; then the same command again`
  return new Error(
    `The control function ${functionName} in ${region} could not be asked for "${action}": ${error.name === 'Error' ? '' : `${error.name}: `}${error.message}\n  Next: ${next}`,
    { cause: error },
  )
}
