import type { Redis } from 'ioredis';

/** A server-side script, bound to a connection. */
export type LuaScript = (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;

/**
 * Binds a Lua script to a connection. It travels by its hash; after a restart or `SCRIPT FLUSH` ioredis sends the text again.
 *
 * @param name unique per connection.
 */
export function luaScript(redis: Redis, name: string, lua: string): LuaScript {
  redis.defineCommand(name, { lua });
  const command = (redis as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name];
  if (!command) throw new Error(`ioredis did not define ${name}`);
  return (keys, args) => command.call(redis, keys.length, ...keys, ...args);
}
