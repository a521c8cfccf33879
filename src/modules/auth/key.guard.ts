import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Request, type Response } from 'express';
import { KasemError } from '../../common/errors/kasem.error.js';
import { contextOf } from '../../common/http/request-context.js';
import { PUBLIC } from '../../common/http/public.js';
import { Keys } from './keys.js';

/** Lets only requests with a key through where keys are configured; before a byte of a body is read. */
@Injectable()
export class KeyGuard implements CanActivate {
  constructor(
    private readonly keys: Keys,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const isPublic = this.reflector.getAllAndOverride<boolean>(PUBLIC, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (this.keys.isEmpty || isPublic) return true;
    const http = context.switchToHttp();
    const given = keyOf(http.getRequest<Request>());
    if (given === undefined)
      throw new KasemError(
        'UNAUTHORIZED',
        'no key given: send Authorization: Bearer <key> or X-API-Key: <key>',
      );
    const name = this.keys.nameOf(given);
    if (name === undefined) throw new KasemError('UNAUTHORIZED', 'the key is not known');
    contextOf(http.getResponse<Response>()).key = name;
    return true;
  }
}

function keyOf({ headers }: Request): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  const other = headers['x-api-key'];
  return bearer ?? (typeof other === 'string' ? other : undefined);
}
