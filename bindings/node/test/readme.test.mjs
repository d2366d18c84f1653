// The examples of README.md say what stands below them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { folder, root, run } from './folder.mjs';

const text = readFileSync(join(root, 'README.md'), 'utf8');
const examples = [...text.matchAll(/```js\n([^]*?)```\n\n```text\n([^]*?)```/g)];

test('each example is followed by what it prints', () => {
  assert.equal(examples.length, text.match(/```js/g).length);
  assert.ok(examples.length >= 7);
});

for (const [, code, expected] of examples) {
  const heading = text
    .slice(0, text.indexOf(code))
    .match(/^## .*$/gm)
    .pop();
  test(heading, async (t) => {
    // why changed once it is loaded: the package is found from where it is
    const { out, err } = await run(`process.chdir(${JSON.stringify(folder(t))});\n${code}`);
    assert.deepEqual([out, err], [expected, '']);
  });
}
