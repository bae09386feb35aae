// Computes the ids of every text in this folder's vectors again and rewrites them; nothing changes when they are up to
// date. Needs Node 20 and the npm package tokenizers 0.23.2; `node make.mjs FOLDER`, where FOLDER has it installed.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const here = new URL('.', import.meta.url);
const home = process.argv[2] ? `${fs.realpathSync(process.argv[2])}/` : import.meta.url;
const { Tokenizer } = createRequire(home)('tokenizers');
const ending = '.tokenizer.json';
for (const file of fs.readdirSync(here).filter(name => name.endsWith(ending))) {
  const path = new URL(file.replace(ending, '.json'), here);
  const tokenizer = Tokenizer.fromString(fs.readFileSync(new URL(file, here), 'utf8'));
  const lines = [];
  for (const { text } of JSON.parse(fs.readFileSync(path, 'utf8'))) {
    const ids = (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
    const prefix = (await tokenizer.encode(text, null, { addSpecialTokens: true })).getIds().length - ids.length;
    const decoded = await tokenizer.decode(ids, false);
    // ASCII only, so that no editor normalizes what is tested.
    lines.push(JSON.stringify({ text, ids, prefix, decoded })
      .replace(/[\x7f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`));
  }
  fs.writeFileSync(path, `[\n${lines.join(',\n')}\n]\n`);
}
