import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';

export const PUBLIC = Symbol('public');

/** Marks a controller or a handler that needs no key, even if keys are configured. */
export const Public = () => applyDecorators(SetMetadata(PUBLIC, true), ApiSecurity({}));
