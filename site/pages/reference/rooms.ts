import {
  type Application,
  Comment,
  type ContainerReflection,
  type Context,
  Converter,
  DeclarationReflection,
  type ProjectReflection,
  ReflectionKind,
} from 'typedoc';

/** A page of the reference: what one room of the source gives to the front door. */
export interface Room {
  /** Its folder or file in `src`. */
  readonly folder: string;
  /** The name of its page. */
  readonly name: string;
  readonly title: string;
}

/** In the order in which a reader needs them. The first room whose folder a name comes from has it. */
export const rooms: readonly Room[] = [
  { folder: 'tensor/derivatives', name: 'derivatives', title: 'Derivatives' },
  { folder: 'tensor/linalg', name: 'linalg', title: 'Linear algebra' },
  { folder: 'tensor/inspect', name: 'inspect', title: 'Memory, time and checks' },
  { folder: 'tensor', name: 'tensors', title: 'Tensors and ops' },
  { folder: 'nn', name: 'layers', title: 'Layers and models' },
  { folder: 'optim', name: 'optimizers', title: 'Optimizers' },
  { folder: 'compress', name: 'compression', title: 'Compression' },
  { folder: 'adapters', name: 'adapters', title: 'Adapters' },
  { folder: 'training', name: 'training', title: 'Training' },
  { folder: 'data', name: 'data', title: 'Data' },
  { folder: 'io', name: 'files', title: 'Files' },
  { folder: 'backend', name: 'backends', title: 'Backends' },
  { folder: 'base', name: 'base', title: 'Errors, keys and shapes' },
  { folder: 'deprecated.ts', name: 'deprecated', title: 'Deprecated names' },
];

/** The other doors, each a page under its own name. */
export const doors = ['floragrad/study', 'floragrad/laws', 'floragrad/gpu', 'floragrad/node'] as const;

const frontDoor = 'floragrad';

/**
 * A plugin of typedoc. The front door has some 750 names, too many for a page: each goes to the page of its room. Only what
 * a page is about keeps the line where it is defined, and members that a class has from another are told there alone.
 */
export function byRooms(app: Application): void {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: Context) => openRooms(project), 1000);
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }: Context) => shorten(project), -1000);
}

function openRooms(project: ProjectReflection): void {
  const door = project.getChildByName(frontDoor);
  if (!door?.isDeclaration())
    throw new Error(`typedoc has no module ${frontDoor}: look at the entry points of typedoc.jsonc`);
  const pages = new Map<string, DeclarationReflection>();
  for (const room of rooms) pages.set(room.name, pageOf(room, project));
  for (const child of [...(door.children ?? [])]) {
    const file = project.getSymbolIdFromReflection(child)?.packagePath ?? '';
    const room = rooms.find(({ folder }) => `${file}/`.startsWith(`src/${folder}/`));
    if (!room) throw new Error(`${child.name} is in ${file || 'no file'}, whose room has no page: add it to rooms`);
    move(child, door, pages.get(room.name) as DeclarationReflection);
  }
  project.removeReflection(door);
  nameGpu(project);
  for (const page of pages.values()) {
    if (page.children === undefined) throw new Error(`no public name comes from the room of the page ${page.name}`);
  }
}

/** Its file has no doc comment that names the module: it may only be imported where gpu.js is. */
function nameGpu(project: ProjectReflection): void {
  const gpu = project.children?.find(({ name }) => /(^|\/)gpu$/.test(name));
  if (!gpu) throw new Error('typedoc has no module gpu: look at the entry points of typedoc.jsonc');
  gpu.name = 'floragrad/gpu';
}

function pageOf({ folder, name }: Room, project: ProjectReflection): DeclarationReflection {
  const page = new DeclarationReflection(name, ReflectionKind.Module, project);
  page.comment = new Comment([
    { kind: 'text', text: 'Imported from ' },
    { kind: 'code', text: '`floragrad`' },
    { kind: 'text', text: '; the source is in ' },
    { kind: 'code', text: `\`src/${folder}\`` },
    { kind: 'text', text: '.' },
  ]);
  project.registerReflection(page, undefined, undefined);
  project.addChild(page);
  return page;
}

function move(child: DeclarationReflection, from: ContainerReflection, to: DeclarationReflection): void {
  from.removeChild(child);
  child.parent = to;
  to.addChild(child);
}

function shorten(project: ProjectReflection): void {
  for (const reflection of project.getReflectionsByKind(ReflectionKind.All)) {
    if (!reflection.isDeclaration() && !reflection.isSignature()) continue;
    const owner = reflection.isSignature() ? reflection.parent.parent : reflection.parent;
    if (!owner?.kindOf(ReflectionKind.Module)) delete reflection.sources;
    if (!reflection.isDeclaration()) continue;
    const told = reflection.inheritedFrom;
    if (told?.reflection) project.removeReflection(reflection);
    else dropOrigin(reflection);
  }
}

/** A type of ours that gathers options or methods is not exported: that a member comes from it says nothing. */
function dropOrigin(reflection: DeclarationReflection): void {
  delete reflection.inheritedFrom;
  for (const signature of reflection.getNonIndexSignatures()) delete signature.inheritedFrom;
  const known = reflection.extendedTypes?.filter((type) => type.type !== 'reference' || type.name !== 'OptionsOf');
  if (known?.length) reflection.extendedTypes = known;
  else delete reflection.extendedTypes;
}
