/** The one transactional id that writes epochs, so that a second writer is fenced out. */
export const CONTROL_TRANSACTIONAL_ID = 'order-up.control'
