import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Request, type Response } from 'express';
import { KasemError } from '../../common/errors/kasem.error.js';
import { contextOf } from '../../common/http/request-context.js';
import { PUBLIC } from '../../common/http/public.js';
import { Keys } from './keys.js';

/** If keys are configured, refuses requests without one, before any of their body is read. */
@Injectable()
export class KeyGuard implements CanActivate {
  constructor(
    private readonly keys: Keys,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.keys.isEmpty) return true;
    const isPublic = this.reflector.getAllAndOverride<boolean>(PUBLIC, [context.getHandler(), context.getClass()]);
    if (isPublic) return true;
    const http = context.switchToHttp();
    const given = keysOf(http.getRequest<Request>());
    if (given.length === 0)
      throw new KasemError('UNAUTHORIZED', 'no key given: send Authorization: Bearer <key> or X-API-Key: <key>');
    const name = given.map((key) => this.keys.nameOf(key)).find((known) => known !== undefined);
    if (name === undefined) throw new KasemError('UNAUTHORIZED', 'the key is not known');
    contextOf(http.getResponse<Response>()).key = name;
    return true;
  }
}

/** All keys of a request, since a gateway's own key may stand beside the one for this service. */
function keysOf({ headersDistinct }: Request): string[] {
  const bearers = (headersDistinct.authorization ?? []).flatMap(
    (header) => /^Bearer +(\S+) *$/i.exec(header)?.[1] ?? [],
  );
  return [...bearers, ...(headersDistinct['x-api-key'] ?? [])];
}
