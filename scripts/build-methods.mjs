// Writes the methods of tensors into the declarations in dist, each with the text of its op: an editor shows no text for
// a member that the types derive from a list.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const heading = 'interface Tensor extends Methods {\n}';
const folder = new URL('../dist/', import.meta.url);
const name = readdirSync(folder).find((file) => file.endsWith('.d.ts') && read(file).includes(heading));
if (name === undefined) throw new Error('no declarations in dist say what the methods of a tensor are');
const text = read(name);
const { statements } = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);

/** What is declared at the top: functions, and constants with their types. */
const declared = new Map();
for (const statement of statements) {
  if (ts.isFunctionDeclaration(statement)) declared.set(statement.name.text, { doc: statement, type: statement });
  if (!ts.isVariableStatement(statement)) continue;
  const [{ name, type }] = statement.declarationList.declarations;
  declared.set(name.text, { doc: statement, type });
}

/** The list of methods, by the names of the ops: `declare namespace ops { export { ops_add as add, … } }`. */
const list = statements.find((statement) => ts.isModuleDeclaration(statement) && statement.name.text === 'ops');
const names = list.body.statements[0].exportClause.elements.map((element) => element.name.text);

const methods = names.map((name) => {
  const alias = declared.get(`ops_${name}`)?.type;
  const { doc, type } = declared.get(alias?.exprName.text ?? name);
  const [comment] = ts.getLeadingCommentRanges(text, doc.pos) ?? [];
  if (comment === undefined) throw new Error(`the op ${name} has no text`);
  const parameters = type.parameters.slice(1).map((parameter) => parameter.getText());
  return `${text.slice(comment.pos, comment.end)}\n${name}(${parameters.join(', ')}): ${type.type.getText()};`;
});
const indented = methods.join('\n').replaceAll(/^/gm, '    ');
writeFileSync(new URL(name, folder), text.replace(heading, `interface Tensor {\n${indented}\n}`));
console.log(`dist/${name}: ${methods.length} methods of tensors with their text`);

function read(file) {
  return readFileSync(fileURLToPath(new URL(file, folder)), 'utf8');
}
