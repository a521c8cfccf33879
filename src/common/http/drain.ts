import cluster from 'node:cluster';
import { once } from 'node:events';
import { type Server } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type NextFunction, type Request, type Response } from 'express';
import { Environment } from '../config/environment.js';
import { KasemError } from '../errors/kasem.error.js';
import { type HttpAdapter } from './http-adapter.js';
import { isProbe } from './request-context.js';
import { restsDropped } from './linger.js';

/** Open connections are closed when no request has arrived for this long. */
const QUIET_MS = 100;

/** The phases of a shutdown, in their order. */
enum Phase {
  Serving,
  Delaying,
  Refusing,
}

/** Tracks the requests in flight, and lets them finish in a shutdown. */
@Injectable()
export class Drain {
  private readonly inFlight = new Set<Response>();
  private phase = Phase.Serving;
  private lastRequestAt = 0;
  private endDelay: (() => void) | undefined;

  constructor(
    private readonly environment: Environment,
    { httpAdapter }: HttpAdapterHost<HttpAdapter>,
  ) {
    // Not a hook of Nest: even the first one, onModuleDestroy, closes modules that requests in flight still need.
    httpAdapter.drain = () => this.run(httpAdapter.getHttpServer());
  }

  /** Whether the shutdown has begun. */
  get isDraining(): boolean {
    return this.phase !== Phase.Serving;
  }

  /** Express middleware before all routes: tracks requests, and refuses new ones in a shutdown, except probes. */
  readonly track = (request: Request, response: Response, next: NextFunction): void => {
    // Tells proxies to drop the connection before we stop listening.
    if (this.isDraining) response.setHeader('Connection', 'close');
    if (isProbe(request)) return next();
    this.lastRequestAt = performance.now();
    if (this.phase === Phase.Refusing) return next(new KasemError('SHUTTING_DOWN', 'the service is shutting down'));
    this.inFlight.add(response);
    response.once('close', () => this.inFlight.delete(response));
    next();
  };

  /** Refuses new requests from now on. Ends the delay. */
  stopTakingWork(): void {
    this.phase = Phase.Refusing;
    this.endDelay?.();
  }

  /**
   * Lets requests in flight finish. Requests after the delay get error 52. The server still accepts connections: if all
   * processes gave up a shared port, new ones would hang. Idle connections close last, since a request may be on its way;
   * since Node 26 new connections count as idle.
   */
  async run(server: Server): Promise<void> {
    const { SHUTDOWN_DELAY_MS: delay, SHUTDOWN_GRACE_MS: grace } = this.environment;
    this.phase = Math.max(this.phase, Phase.Delaying);
    if (this.phase === Phase.Delaying)
      await Promise.race([setTimeout(delay), new Promise<void>((resolve) => (this.endDelay = resolve))]);
    this.stopTakingWork();
    for (const response of this.inFlight) if (!response.headersSent) response.setHeader('Connection', 'close');

    const over = setTimeout(grace, undefined, { ref: false });
    await Promise.race([this.untilQuiet().then(restsDropped), over]);
    const cut = this.inFlight.size;
    if (cut > 0) new Logger('drain').warn(`${cut} requests were cut after SHUTDOWN_GRACE_MS`);
    server.close();
    await disconnectFromPrimary();
    server.closeAllConnections();
  }

  private async untilQuiet(): Promise<void> {
    for (;;) {
      const [response] = this.inFlight;
      const quietIn = this.lastRequestAt + QUIET_MS - performance.now();
      if (response !== undefined) await once(response, 'close');
      else if (quietIn > 0) await setTimeout(quietIn);
      else return;
    }
  }
}

/** Makes the primary process pass connections that are on their way here to other workers. They would hang otherwise. */
async function disconnectFromPrimary(): Promise<void> {
  if (!cluster.worker?.isConnected()) return;
  cluster.worker.disconnect();
  await once(process, 'disconnect');
}
