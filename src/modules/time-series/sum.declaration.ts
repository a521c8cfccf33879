import { declareMethod, type MethodExample } from '../../common/method/kasem-method.js';
import { SumParams } from './dto/sum-params.dto.js';

/** The example of the contract, and one with missing samples. */
const EXAMPLES: readonly MethodExample[] = [
  {
    summary: 'Four rows',
    param: { scale: 25 },
    rows: [
      [1420066800, 1.2507524347169103, 842.5969587837332],
      [1420066801, 17.684785517717145, 503.28803528253366],
      [1420066802, 48.464766632981956, 921.1781085101786],
      [1420066803, 11.014022077905956, 935.6074449306388],
    ],
    response: [
      [1420066800, 21096.19278046125],
      [1420066801, 13024.320520006271],
      [1420066802, 24241.071878579016],
      [1420066803, 23665.536675213618],
    ],
    log: '4 rows, none missing',
  },
  {
    summary: 'Missing samples',
    param: { scale: 2 },
    rows: [
      [1420066800, 1.5, 2.5],
      [1420066801, null, 2.5],
      [1420066802, 1.5, null],
    ],
    response: [
      [1420066800, 8],
      [1420066801, null],
      [1420066802, null],
    ],
    log: '3 rows, missing: 1 in e1_ts, 1 in e2_ts',
  },
];

/** sum_ts = scale x (e1_ts + e2_ts) */
export const SUM = declareMethod({
  paths: ['method', 'sum'],
  params: SumParams,
  inputs: ['e1_ts', 'e2_ts'],
  outputs: ['sum_ts'],
  summary: 'sum_ts = scale x (e1_ts + e2_ts)',
  examples: EXAMPLES,
});
