import { pino, type Logger } from 'pino'

export type Log = Logger

/**
 * JSON lines on stderr, quiet when all is well: `info` is for starts, stops and changes of assignment.
 * @param name the worker's name, in every line
 * @param level pino's; default `LOG_LEVEL`'s parsed value is passed by the entry point
 */
export function createLog(name: string, level = 'info'): Log {
  return pino(
    { name, level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(2),
  )
}

/** A log for tests and libraries that should say nothing. */
export const silentLog = (): Log => pino({ level: 'silent' })
