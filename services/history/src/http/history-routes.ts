import { ParleyError, historyApi, travelsAsQuery, type HistoryCall } from '@parley/contracts';
import { Router, type RequestHandler } from 'express';
import type { HistoryHandlers } from './history-handlers.ts';

type Handler = (request: unknown) => Promise<unknown>;

/** A route for every call of the catalog. */
export function historyRoutes(handlers: HistoryHandlers): Router {
  const router = Router();
  for (const [name, call] of Object.entries<HistoryCall>(historyApi)) {
    // The table has exactly the catalog's names and types; iterating over it is what loses them.
    const handler = handlers[name as keyof HistoryHandlers] as Handler;
    const method = call.method.toLowerCase() as 'get' | 'post' | 'patch' | 'delete';
    router[method](call.path, answer(call, handler));
  }
  return router;
}

function answer(call: HistoryCall, handler: Handler): RequestHandler {
  return async ({ params, query, body }, response) => {
    const given: unknown = travelsAsQuery(call) ? query : body;
    const parsed = call.request.safeParse({ ...(given as object | undefined), ...params });
    if (!parsed.success) throw ParleyError.invalid(parsed.error);
    response.json(call.reply.parse(await handler(parsed.data)));
  };
}
