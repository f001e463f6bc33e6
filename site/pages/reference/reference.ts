import { Application, TSConfigReader, type TypeDocOptions } from 'typedoc';
import ts from 'typescript';
import { load as methodsOfTensors } from '../../../scripts/typedoc-methods.mjs';
import { byRooms } from './rooms';

/**
 * The reference as Markdown: typedoc.jsonc, one page for each room and door.
 * @param root the clone, without a slash at the end
 * @throws Error what typedoc has warned of is in its output
 */
export async function writeReference(root: string, out: string): Promise<void> {
  const own = settingsOf(`${root}/typedoc.jsonc`);
  const options: TypeDocOptions & Record<string, unknown> = {
    ...own,
    entryPoints: own.entryPoints?.map((file) => `${root}/${file}`) ?? [],
    tsconfig: `${root}/tsconfig.json`,
    basePath: root,
    plugin: ['typedoc-plugin-markdown', methodsOfTensors, byRooms],
    out,
    router: 'module',
    fileExtension: '.md',
    entryFileName: 'index',
    groupOrder: ['Functions', 'Variables', 'Classes', 'Interfaces', 'Type Aliases'],
    skipErrorChecking: true, // `npm run typecheck` has it
    disableSources: false,
    sourceLinkTemplate: '/source/src/{path}.html#L{line}',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCustomAnchors: true,
    sanitizeComments: true, // '<f4' is no tag
    // A parameter is told by its name and type in the line of the function, and by the sentences below it.
    parametersFormat: 'none',
    expandParameters: true,
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
    tableColumnSettings: { hideSources: true, hideModifiers: true, hideInherited: true, hideOverrides: true },
  };
  const app = await Application.bootstrapWithPlugins(options, [new TSConfigReader()]);
  const project = await app.convert();
  if (project) {
    app.validate(project);
    await app.generateOutputs(project);
  }
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error('typedoc cannot write the reference');
}

/** They are handed over and not read by typedoc, which would take the list of plugins from there too. */
function settingsOf(file: string): TypeDocOptions {
  const { config, error } = ts.readConfigFile(file, ts.sys.readFile);
  if (error) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(error.messageText, ' ')}`);
  const { $schema: _, ...settings } = config as TypeDocOptions & { readonly $schema?: string };
  return settings;
}
