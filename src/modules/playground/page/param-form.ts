import { excerpt } from '../../../common/frame/frame-rules.js';
import { element, make } from './dom.js';
import { expected, faultsOfParam, LONGEST_SHOWN, type Param } from './schema.js';

/** A param with its control. It holds JSON, except for a string, which it holds without quotes. */
interface Field extends Param {
  readonly control: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
  readonly hint: HTMLElement;
  /** What the body holds. */
  read: string;
}

let fields: Field[] = [];

export function showParams(params: readonly Param[]): void {
  fields = params.map((param) => {
    const id = `param-${param.name}`;
    const hint = make('span', '', { className: 'hint', id: `${id}-hint` });
    const control = Object.assign(controlOf(param), { id, autocomplete: 'off' });
    control.setAttribute('aria-describedby', hint.id);
    const field = { ...param, control, hint, read: '' };
    control.addEventListener('input', () => showHint(field));
    return field;
  });
  const lines = fields.map(({ name, control, hint }) =>
    make('p', [make('label', [make('strong', name)], { htmlFor: control.id }), control, hint]),
  );
  element('params').replaceChildren(...lines);
  fillParams();
}

function controlOf({ schema, isRequired }: Param): Field['control'] {
  const { type = 'object' } = schema;
  const values = type === 'boolean' ? [true, false] : schema.enum;
  const placeholder = schema.default === undefined ? '' : JSON.stringify(schema.default);
  if (values !== undefined) {
    const none = make('option', isRequired ? 'none' : 'left out', { value: '' });
    return make('select', [none, ...values.map((value) => make('option', String(value)))]);
  }
  if (/object|array/.test(type)) return make('textarea', '', { rows: 3, spellcheck: false, placeholder });
  return make('input', '', { inputMode: type === 'string' ? 'text' : 'decimal', placeholder });
}

/** Fills the fields with JSON texts by path. Without texts it disables them. */
export function fillParams(texts?: Readonly<Record<string, string>>): void {
  for (const field of fields) {
    const { name, control, schema } = field;
    const json = texts?.[`param.${name}`] ?? '';
    const text = schema.type === 'string' && json.startsWith('"') ? (JSON.parse(json) as string) : json;
    control.value = text;
    // A select accepts only its options.
    if (control.value !== text && control.localName === 'select')
      control.append(make('option', text, { selected: true }));
    control.disabled = texts === undefined;
    field.read = control.value;
    showHint(field);
  }
}

/** The JSON texts of the params that were changed. */
export const changedParams = (): [name: string, json: string][] =>
  fields.filter(({ control, read }) => control.value !== read).map((field) => [field.name, jsonOf(field)]);

function jsonOf({ control: { value }, schema }: Field): string {
  if (value.trim() === '') return 'null';
  return schema.type === 'string' ? JSON.stringify(value) : value.trim();
}

/** The fields as words, such as `scale 2, offset 1`. */
export function paramsInWords(): string {
  const filled = fields.filter(({ control }) => control.value !== '');
  return filled.map(({ name, control }) => `${name} ${excerpt(control.value, LONGEST_SHOWN)}`).join(', ');
}

function showHint(field: Field): void {
  const { control, hint, schema, isRequired } = field;
  const json = control.value === '' && field.read === '' ? undefined : jsonOf(field);
  const [fault] = control.disabled ? [] : faultsOfParam(field, json);
  const otherwise = 'default' in schema ? `${JSON.stringify(schema.default)} if left out` : 'may be left out';
  const rule = `${schema.description ?? ''} Expects ${expected(schema)}${isRequired ? '' : `; ${otherwise}`}.`;
  hint.textContent = fault === undefined ? rule.trim() : `${fault}; it is sent as it stands.`;
  hint.classList.toggle('bad', fault !== undefined);
  control.ariaInvalid = String(fault !== undefined);
}
