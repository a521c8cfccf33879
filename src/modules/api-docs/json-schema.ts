/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 has it; the types of @nestjs/swagger know that of 3.0 only. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export const schemaRef = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
