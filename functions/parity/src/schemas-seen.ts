import { RetryableError, TerminalError, type RecordView } from '@order-up/kit'
import { CURATED_SCHEMA_VERSION, type SchemaIds } from '@order-up/schemas'

/** A comparison is void: there are more schemas than it is about. */
export class SchemasGrew extends RetryableError {
  /** not known when the comparison began */
  readonly id: number

  constructor(id: number, what: string) {
    super(
      'SCHEMAS_GREW',
      `${what} of schema id ${id}, which was not registered when the comparison began`,
    )
    this.id = id
  }
}

/** The ids of the schemas that rows were written with. */
export class SchemasSeen {
  readonly #ids: Set<number>
  readonly #registered: SchemaIds
  readonly #unregistered: ReadonlySet<number>
  #last = -1

  /**
   * @param ids to go on from
   * @param registered all of the curated subject
   * @param unregistered ids that were asked for and are none of it: rows of them cannot be read, and differ as bytes do
   */
  constructor(ids: Iterable<number>, registered: SchemaIds, unregistered: ReadonlySet<number>) {
    this.#ids = new Set(ids)
    this.#registered = registered
    this.#unregistered = unregistered
  }

  get ids(): number[] {
    return [...this.#ids].toSorted((a, b) => a - b)
  }

  /** @throws SchemasGrew @throws TerminalError `NEWER_SCHEMA`: it stops and says so, as every reader of rows */
  note({ buf, valueStart, valueLength }: RecordView): void {
    if (valueLength < 5 || buf[valueStart] !== 0) return
    const id = buf.readUInt32BE(valueStart + 1)
    if (id === this.#last) return
    const version = this.#registered.get(id)
    if (version === undefined && !this.#unregistered.has(id)) throw new SchemasGrew(id, 'a row is')
    if (version !== undefined && version > CURATED_SCHEMA_VERSION)
      throw new TerminalError(
        'NEWER_SCHEMA',
        `A row is of curated schema version ${version} (id ${id}), which this comparer does not know`,
        { remedy: 'deploy the comparer of that version' },
      )
    this.#last = id
    this.#ids.add(id)
  }
}
