import type { Socket } from 'node:net';
import { Transform, type TransformCallback } from 'node:stream';
import { TcpProxy } from '@parley/testkit';

/** A link to a Redis that is far away. */
export class DistantLink extends TcpProxy {
  readonly #target: number;
  readonly #oneWayMs: number;
  readonly #open = new Set<Socket>();

  private constructor(target: number, oneWayMs: number) {
    super();
    this.#target = target;
    this.#oneWayMs = oneWayMs;
  }

  /** @param oneWayMs what everything takes to get there, and the same to get back. */
  static async start(target: number, oneWayMs: number): Promise<DistantLink> {
    return new DistantLink(target, oneWayMs).listen();
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Breaks a part of its connections; what is on its way on them gets lost. */
  breakSome(isHit: () => boolean): void {
    for (const client of this.#open) if (isHit()) client.resetAndDestroy();
  }

  protected override accept(client: Socket): void {
    this.#open.add(client);
    client.once('close', () => this.#open.delete(client));
    const [up, down] = [new Distance(this.#oneWayMs), new Distance(this.#oneWayMs)];
    this.relay(client, this.#target, { up, down });
  }
}

/** Passes everything on, a while later. */
class Distance extends Transform {
  readonly #ms: number;

  constructor(ms: number) {
    super();
    this.#ms = ms;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    setTimeout(() => this.push(chunk), this.#ms);
    done();
  }

  override _flush(done: TransformCallback): void {
    setTimeout(done, this.#ms);
  }
}
