import { makePanel } from './app.js';
import { readConfig } from './config.js';

const path = process.argv[2];
if (!path) {
  console.error('usage: node dist/server/main.js CONFIG.json');
  process.exit(2);
}
const panel = await makePanel(readConfig(path));
console.log(await panel.listen());
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // why forced: a browser keeps its connections
    setTimeout(() => process.exit(1), 5000).unref();
    void panel.close();
  });
}
