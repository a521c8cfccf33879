import { IsNumber } from 'class-validator';

/** What stands under `param` of a body for the sum. */
export class SumParams {
  /** The factor on both series; without unit. */
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: '$property must be a finite number' })
  readonly scale!: number;
}
