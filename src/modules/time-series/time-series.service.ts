import { Injectable } from '@nestjs/common';
import { type Frame } from '../../common/frame/frame.js';
import { inSlices } from '../../common/frame/slices.js';
import { type SumParams } from './dto/sum-params.dto.js';
import { sum } from './sum.js';

@Injectable()
export class TimeSeriesService {
  /** @returns sum_ts, one value for each row of the frame */
  async sum(frame: Frame<'e1_ts' | 'e2_ts'>, { scale }: SumParams): Promise<Float64Array> {
    const [e1, e2] = [frame.column('e1_ts'), frame.column('e2_ts')];
    const result = new Float64Array(frame.length);
    await inSlices(frame.length, (start, end) => {
      sum(e1.subarray(start, end), e2.subarray(start, end), scale, result.subarray(start, end));
    });
    return result;
  }
}
