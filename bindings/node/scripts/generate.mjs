// Writes src/generated.ts from bindings/rpmadb.schema.json and include/rpmadb.h: the statuses, the types of options and reports, the
// functions of the header and one method a verb. `--check` writes nothing and fails when the file is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const bindings = process.env.RPMADB_BINDINGS ?? dirname(here);
const schema = JSON.parse(readFileSync(join(bindings, 'rpmadb.schema.json'), 'utf8'));
const header = readFileSync(join(bindings, '..', 'include', 'rpmadb.h'), 'utf8');
const target = join(here, 'src', 'generated.ts');

const pascal = (name) => name.replace(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase());
const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const doc = (text, indent = '') =>
  text && !text.includes('\n')
    ? `${indent}/** ${text} */\n`
    : text
      ? `${indent}/**\n${text
          .split('\n')
          .map((line) => `${indent} * ${line}`.trimEnd())
          .join('\n')}\n${indent} */\n`
      : '';
const refs = (part, key) => new Set(Object.values(schema.verbs).map((verb) => verb[key]?.$ref?.replace(`#/${part}/`, '')));

// Names: what a verb takes is XOptions and what it reports XReport; the parts of those keep their names, but where options and
// reports both have one of that name.
const names = { options: {}, reports: {} };
const ofVerbs = { options: refs('options', 'options'), reports: refs('reports', 'report') };
for (const name of Object.keys(schema.options)) {
  names.options[name] = ofVerbs.options.has(name) ? `${name}Options` : name;
}
for (const name of Object.keys(schema.reports)) {
  const taken = ofVerbs.reports.has(name) || Object.values(names.options).includes(name);
  names.reports[name] = taken ? `${name}Report` : name;
}

/** The TypeScript of a schema. */
function type(node, name) {
  if (node === true || node === undefined) return 'unknown';
  if (node.$ref) {
    const [, part, referred] = node.$ref.split('/');
    return names[part][referred];
  }
  if ('const' in node) return JSON.stringify(node.const);
  if (node.enum) return node.enum.map((value) => JSON.stringify(value)).join(' | ');
  const choices = node.anyOf ?? node.oneOf;
  if (choices) return [...new Set(choices.map((choice) => type(choice, name)))].join(' | ');
  if (Array.isArray(node.type)) return node.type.map((one) => type({ ...node, type: one }, name)).join(' | ');
  switch (node.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return node.type;
    case 'integer':
      // why only these: everything else that is counted or measured stays below 2^53; row ids are the host's own data
      return /rowid/.test(name ?? '') ? 'number | bigint' : 'number';
    case 'number':
      return 'number';
    case 'array': {
      const item = type(node.items, name);
      if (node.minItems && node.minItems === node.maxItems) return `[${Array(node.minItems).fill(item).join(', ')}]`;
      return /^\w+$/.test(item) ? `${item}[]` : `(${item})[]`;
    }
    case 'object':
      if (node.properties) {
        const required = new Set(node.required ?? []);
        const members = Object.entries(node.properties).map(([key, value]) => `${key}${required.has(key) ? '' : '?'}: ${type(value, key)}`);
        return `{ ${members.join('; ')} }`;
      }
      return `Record<string, ${type(node.additionalProperties)}>`;
    case undefined:
      return 'unknown';
    default:
      throw new Error(`no type for ${JSON.stringify(node)}`);
  }
}

function declaration(part, name) {
  const node = schema[part][name];
  const head = doc(node.description);
  if (node.type !== 'object' || !node.properties) return `${head}export type ${names[part][name]} = ${type(node, name)};\n`;
  const required = new Set(node.required ?? []);
  const members = Object.entries(node.properties).map(([key, value]) => {
    let written = type(value, key);
    if (part === 'reports' && name === 'Query' && key === 'rows') written = 'Value[][]';
    const optional = part === 'options' && !required.has(key) ? '?' : '';
    return `${doc(value.description, '  ')}  ${key}${optional}: ${written};\n`;
  });
  return `${head}export interface ${names[part][name]} {\n${members.join('')}}\n`;
}

// The functions of the header, each with its comment.
const kinds = [
  [/^const char \*\w+$/, 'text'],
  [/^char \*\*\w+$/, 'text out'],
  [/^char \*\w+$/, 'owned text'],
  [/^rpmadb(_op)? \*\*\w+_out$/, 'handle out'],
  [/^rpmadb(_op)? \*\*\w+$/, 'handle inout'],
  [/^rpmadb(_op)? \*\w+$/, 'handle'],
  [/^rpmadb_(progress|step|alert|log)_fn \w+$/, (match) => match[1]],
  [/^void \*\w+$/, 'pointer'],
  [/^(u?int(?:32|64))_t \w+$/, (match) => match[1]],
  [/^(int64)_t \*\w+$/, 'int64 out'],
  [/^double \*\w+$/, 'double out'],
];
function kind(parameter) {
  for (const [pattern, result] of kinds) {
    const match = pattern.exec(parameter);
    if (match) return typeof result === 'string' ? result : result(match);
  }
  throw new Error(`no type for the parameter ${parameter}`);
}
const functions = [];
const comments = {};
const prototype = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*\n([a-z0-9_ ]+[ *])(rpmadb_\w+)\(([^)]*)\);/g;
for (const [, comment, result, name, parameters] of header.matchAll(prototype)) {
  const list = parameters === 'void' ? [] : parameters.split(',').map((one) => one.replace(/\s+/g, ' ').trim());
  const returns = { void: 'void', 'const char *': 'text', int32_t: 'int32', uint32_t: 'uint32' }[result.trim()];
  if (!returns) throw new Error(`no type for the result of ${name}`);
  functions.push(`  ${name}: ['${returns}', [${list.map((one) => `'${kind(one)}'`).join(', ')}]],\n`);
  const text = comment
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, ''))
    .join('\n')
    .trim();
  comments[name] = text.split(/\n@param/)[0].trim();
}
const declared = header.match(/^\w[^\n(]*\brpmadb_\w+\(/gm).length;
if (declared !== functions.length) throw new Error(`${declared} functions are declared, ${functions.length} were understood`);

// One method a verb. What is not like the others (open, transaction, build_info) is written by hand.
const methods = [];
for (const [verb, { function: name, arguments: parameters, options, report }] of Object.entries(schema.verbs)) {
  if (['open', 'transaction', 'build_info'].includes(verb)) continue;
  const written = parameters.map((parameter, at) => {
    const trailing = parameters.slice(at).every((one) => one.type.endsWith('or null'));
    const types = { text: 'string', 'text or null': 'string | null', integer: 'number | bigint', 'json or null': 'Params | null' };
    return `${camel(parameter.name)}${trailing ? '?' : ''}: ${types[parameter.type]}`;
  });
  const watched = new RegExp(`\\b${name}\\([^)]*rpmadb_op`).test(header);
  const taken = [options && type(options), watched && 'CallOptions'].filter(Boolean);
  const call = [...written, taken.length ? `options?: ${taken.join(' & ')}` : 'options?: Record<string, never>'];
  // why not for monitor_stop: it takes nothing at all
  if (verb === 'monitor_stop') call.pop();
  const given = parameters.map((parameter) => `{ ${parameter.type.split(' ')[0]}: ${camel(parameter.name)}, name: '${parameter.name}' }`);
  const last = verb === 'monitor_stop' ? 'undefined' : 'options';
  methods.push(
    `${doc(comments[name], '  ')}  ${camel(verb)}(${call.join(', ')}): Promise<${type(report)}> {\n` +
      `    return this.call('${name}', [${given.join(', ')}], ${last}, '${watched ? 'watched' : verb === 'monitor_stop' ? 'bare' : 'unwatched'}');\n  }\n`,
  );
}

const text = `// Made by scripts/generate.mjs from bindings/rpmadb.schema.json and include/rpmadb.h; do not edit.
import type { Argument, CallOptions, Params, Shape, Value } from './values';

/** The ABI that this package is written for. */
export const ABI_VERSION = ${schema.abi};

/** The statuses by name. */
export const Status = {
${Object.entries(schema.statuses)
  .map(([name, number]) => `  ${name}: ${number},\n`)
  .join('')}} as const;

/** The name of a status. */
export type StatusName = keyof typeof Status;

/** What the functions of the header return and take. */
export const prototypes = {
${functions.join('')}} as const;

// What is passed down.

${Object.keys(schema.options)
  .map((name) => declaration('options', name))
  .join('\n')}
// What is reported.

${Object.keys(schema.reports)
  .map((name) => declaration('reports', name))
  .join('\n')}
/** One method for each verb. */
export abstract class Verbs {
  /** Makes the call \`name\`. */
  protected abstract call<R>(name: keyof typeof prototypes, given: Argument[], options: object | null | undefined, shape: Shape): Promise<R>;

${methods.join('\n')}}
`;

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('src/generated.ts is not what the schema and the header say: run `npm run generate`');
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
