import { ApiProperty } from '@nestjs/swagger';
import { IsNumber } from 'class-validator';

/** `param` of a body for the sum. */
export class SumParams {
  @ApiProperty({ description: 'The factor on both series; without unit.', example: 25 })
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: '$property must be a finite number' })
  readonly scale!: number;
}
