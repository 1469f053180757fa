import { Type, type TNull, type TSchema, type TSchemaOptions, type TUnion } from 'typebox';

/** Schema of a value that may be null; in an answer: that is not known, or not there. */
export function orNull<T extends TSchema>(type: T, options: TSchemaOptions = {}): TUnion<[T, TNull]> {
  return Type.Union([type, Type.Null()], options);
}
