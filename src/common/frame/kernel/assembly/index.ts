export {
  COLUMN_VALUES,
  COLUMNS,
  INPUT,
  INPUT_BYTES,
  MAX_COLUMNS,
  MIN_POWER,
  MAX_POWER,
  NEEDED,
  OUTPUT,
  POWERS,
} from './memory';
export { readRows, skipRows, taken } from './read-rows';
export { writeRows, written } from './write-rows';
