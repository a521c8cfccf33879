import { Injectable } from '@nestjs/common';
import { type Frame } from '../../common/frame/frame.js';
import { inSlices } from '../../common/frame/slices.js';
import { type SumParams } from './dto/sum-params.dto.js';
import { INPUTS, sum } from './sum.js';

@Injectable()
export class TimeSeriesService {
  /** @param frame with the series INPUTS */
  async sum(frame: Frame, { scale }: SumParams): Promise<Float64Array> {
    const [e1, e2] = [frame.column(INPUTS[0]), frame.column(INPUTS[1])];
    const result = new Float64Array(frame.length);
    await inSlices(frame.length, (start, end) => {
      sum(e1.subarray(start, end), e2.subarray(start, end), scale, result.subarray(start, end));
    });
    return result;
  }
}
