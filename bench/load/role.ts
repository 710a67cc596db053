import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a role can be asked to do: one argument, one promise. */
export type Calls = Readonly<Record<string, (argument: never) => Promise<unknown>>>;

export interface CallMessage {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

export type RoleMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'event'; readonly name: string; readonly data: unknown }
  | { readonly kind: 'reply'; readonly id: number; readonly value?: unknown; readonly error?: string };

const READY_MS = 20_000;
const STOP_MS = 5_000;

/** A process that plays one part of a benchmark and is told what to do. It ends with this process, however that ends. */
export class Role<C extends Calls> implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #listeners = new Map<string, (data: unknown) => void>();
  readonly #ready = Promise.withResolvers<undefined>();
  #calls = 0;
  #stopping = false;

  private constructor(name: string, program: URL) {
    this.#name = name;
    this.#child = fork(fileURLToPath(program), [], { serialization: 'advanced' });
    this.#child.on('message', message => this.#hear(message as RoleMessage));
    this.#child.once('exit', (code, signal) => this.#fail(signal ?? `code ${code}`));
  }

  /** @throws Error if it does not say within 20 s that it is there. */
  static async start<C extends Calls>(name: string, program: URL): Promise<Role<C>> {
    const role = new Role<C>(name, program);
    const timer = setTimeout(() => role.#fail(`silence for ${READY_MS} ms`), READY_MS);
    try {
      await role.#ready.promise;
      return role;
    } catch (error) {
      role.#child.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** @throws Error with what went wrong there, or when the process ends before it answers. */
  async call<N extends keyof C & string>(
    name: N,
    argument: Parameters<C[N]>[0],
  ): Promise<Awaited<ReturnType<C[N]>>> {
    const id = ++this.#calls;
    const reply = Promise.withResolvers<unknown>();
    this.#waiting.set(id, reply);
    this.#child.send({ id, name, argument } satisfies CallMessage);
    return (await reply.promise) as Awaited<ReturnType<C[N]>>;
  }

  /** Who hears an event of this name from now on; one listener a name. */
  on(event: string, listener: (data: unknown) => void): void {
    this.#listeners.set(event, listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stopping || !this.#child.connected) return;
    this.#stopping = true;
    const gone = once(this.#child, 'exit');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    this.#child.disconnect();
    await gone;
    clearTimeout(late);
  }

  #hear(message: RoleMessage): void {
    if (message.kind === 'ready') this.#ready.resolve(undefined);
    else if (message.kind === 'event') this.#listeners.get(message.name)?.(message.data);
    else {
      const reply = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error === undefined) reply?.resolve(message.value);
      else reply?.reject(new Error(`${this.#name}: ${message.error}`));
    }
  }

  #fail(why: string): void {
    const error = new Error(`${this.#name} ended with ${why}`);
    this.#ready.reject(error);
    for (const reply of this.#waiting.values()) reply.reject(error);
    this.#waiting.clear();
  }
}
