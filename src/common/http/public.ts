import { SetMetadata } from '@nestjs/common';

export const OPEN = Symbol('open');

/** Marks a controller, or a function of one, that answers without a key also where keys are configured. */
export const Open = () => SetMetadata(OPEN, true);
