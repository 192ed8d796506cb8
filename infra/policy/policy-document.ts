/** A statement of an IAM policy, every field a list. */
export interface PolicyStatement {
  allows: boolean
  actions: readonly string[]
  resources: readonly string[]
  /** everybody who may: `*`, or what comes after AWS, Service and so on */
  principals: readonly string[]
  /** names what it does not cover, by NotAction, NotResource or NotPrincipal */
  negated: boolean
  condition: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>
}

interface Raw {
  Effect?: string
  Action?: string | string[]
  NotAction?: unknown
  Resource?: string | string[]
  NotResource?: unknown
  Principal?: string | Record<string, string | string[]>
  NotPrincipal?: unknown
  Condition?: PolicyStatement['condition']
}

const list = (value: string | string[] | undefined) => (value === undefined ? [] : [value].flat())

/** @param document JSON, or the object itself. @throws SyntaxError */
export function parsePolicy(document: unknown): PolicyStatement[] {
  const { Statement } = (typeof document === 'string' ? JSON.parse(document) : document) as {
    Statement: Raw | Raw[]
  }
  return [Statement].flat().map((raw) => ({
    allows: raw.Effect === 'Allow',
    actions: list(raw.Action),
    resources: list(raw.Resource),
    principals:
      typeof raw.Principal === 'object'
        ? Object.values(raw.Principal).flatMap(list)
        : list(raw.Principal),
    negated: 'NotAction' in raw || 'NotResource' in raw || 'NotPrincipal' in raw,
    condition: raw.Condition ?? {},
  }))
}

/** Lets anybody in. */
export const isOpen = ({ allows, principals, condition }: PolicyStatement): boolean =>
  allows && principals.includes('*') && Object.keys(condition).length === 0
