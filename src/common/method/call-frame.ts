import { DATE, Frame } from '../frame/frame.js';

/** The frame of a method whose response has the dates of the request. The method gets a copy of them, which it may change. */
export class CallFrame extends Frame<string, string> {
  private dates?: Float64Array;

  constructor({ columns }: Frame, optional: readonly string[] = []) {
    super(columns, optional);
  }

  override column(name: string): Float64Array {
    if (name !== DATE) return super.column(name) as Float64Array;
    return (this.dates ??= (super.column(DATE) as Float64Array).slice());
  }
}
