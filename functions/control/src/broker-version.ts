/** Of Apache Kafka's broker, pinned once: MSK's newest is 4.1, and what runs in the local tests is what runs there. */
export const KAFKA_VERSION = '4.1.2'

/** The same as MSK names it: it chooses the patch release itself. */
export const MSK_KAFKA_VERSION = '4.1.x.kraft'
