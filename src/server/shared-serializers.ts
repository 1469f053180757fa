/**
 * Makes each writer of answers once, however many routes and versions of an interface give such an answer. Fastify makes one for every route and status,
 * thousands in all, which was most of the time that the server took to start.
 */
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import type { FastifySerializerCompiler } from 'fastify';

type Serialize = (data: unknown) => string;

/** For Fastify. Schemas that read the same are the same. */
export function createSerializerCompiler(): FastifySerializerCompiler<unknown> {
  const compile = SerializerSelector()({}, {});
  const known = new Map<string, Serialize>();
  return (route) => {
    const key = JSON.stringify(route.schema);
    const serialize = known.get(key) ?? (compile(route as never) as Serialize);
    known.set(key, serialize);
    return serialize;
  };
}
