import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';

export const OPEN = Symbol('open');

/** Marks a controller, or a function of one, that answers without a key also where keys are configured. */
export const Open = () => applyDecorators(SetMetadata(OPEN, true), ApiSecurity({}));
