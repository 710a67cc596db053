/** Bytes of messages told over a socket at once: far below what may wait for one that reads slowly, and more than a screen. */
export const SOCKET_PAGE_BYTES = 262_144;

/** Bytes of messages in one reply of REST: of what is longer, the newest. A gateway must not hold whatever visitors have said. */
export const REST_REPLY_BYTES = 8 * 1_048_576;
