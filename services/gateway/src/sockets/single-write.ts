/** What an adapter keeps beside a packet that it has encoded for many: the frame, as `ws` made it. */
interface EncodedOptions {
  wsPreEncodedFrame?: readonly Buffer[];
}
interface EncodingAdapter {
  _encode?: (packet: unknown, options: EncodedOptions) => unknown;
}

/**
 * Lets an adapter hand over each WebSocket frame in one piece. `ws` makes two, header and payload, and writing both together
 * costs a sixth more: a token is little else than one such write.
 *
 * These are internals of socket.io-adapter. Where they are gone, frames are written as they were.
 */
export function inSingleWrites<A extends object>(adapter: A): A {
  const internals = adapter as unknown as EncodingAdapter;
  const encode = internals._encode?.bind(adapter);
  if (!encode) return adapter;
  internals._encode = (packet, options) => {
    const encoded = encode(packet, options);
    if (options.wsPreEncodedFrame) options.wsPreEncodedFrame = [Buffer.concat(options.wsPreEncodedFrame)];
    return encoded;
  };
  return adapter;
}
