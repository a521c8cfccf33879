import { type Extent } from './timeline.js';

/** A view that gestures move. Each change returns whether there was one. */
interface View {
  readonly view: Extent;
  remember(): void;
  pan(part: number): boolean;
  zoomBy(factor: number, about: number): boolean;
  zoomWithin(from: number, to: number): boolean;
}

/** Pixels of the wheel that double or halve the view; a line of it counts as so many. */
const [DOUBLING, LINE] = [300, 30];
/** Turns of the wheel with shorter pauses, in milliseconds, are one step back. */
const PAUSE = 300;

/** The wheel zooms, dragging with Shift or one finger moves the view, two fingers zoom. */
export function onGestures(over: HTMLElement, plots: View): void {
  /** The pixel of each pointer, and the place of the axis that it holds. */
  const held = new Map<number, { readonly at: number; px: number }>();
  let turnedAt = -Infinity;
  const pixel = ({ clientX }: MouseEvent): number => clientX - over.getBoundingClientRect().left;
  const perPixel = (): number => (plots.view[1] - plots.view[0]) / over.clientWidth;
  const placeAt = (px: number): number => plots.view[0] + px * perPixel();

  over.addEventListener('pointerdown', (event) => {
    plots.remember();
    if (event.pointerType === 'mouse' && (!event.shiftKey || event.button > 0)) return;
    over.setPointerCapture(event.pointerId);
    held.set(event.pointerId, { at: placeAt(pixel(event)), px: pixel(event) });
  });
  over.addEventListener('pointermove', (event) => {
    const moved = held.get(event.pointerId);
    if (moved === undefined) return;
    moved.px = pixel(event);
    const [one = moved, other] = held.values();
    const scale = other === undefined ? perPixel() : (other.at - one.at) / (other.px - one.px);
    const from = one.at - one.px * scale;
    if (scale > 0 && scale < Infinity) plots.zoomWithin(from, from + over.clientWidth * scale);
  });
  for (const type of ['pointerup', 'pointercancel'] as const)
    over.addEventListener(type, ({ pointerId }) => held.delete(pointerId));

  over.addEventListener('wheel', (event) => {
    // A page that is being scrolled goes on scrolling.
    if (!event.cancelable) return;
    const { deltaX, deltaY, deltaMode, shiftKey, timeStamp } = event;
    if (timeStamp - turnedAt > PAUSE) plots.remember();
    turnedAt = timeStamp;
    const unit = deltaMode === event.DOM_DELTA_PIXEL ? 1 : LINE;
    const isAcross = shiftKey || Math.abs(deltaX) > Math.abs(deltaY);
    const isChanged = isAcross
      ? plots.pan(((deltaX || deltaY) * unit) / over.clientWidth)
      : plots.zoomBy(2 ** ((deltaY * unit) / DOUBLING), placeAt(pixel(event)));
    if (isChanged) event.preventDefault();
  });
}
