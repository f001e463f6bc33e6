import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFlags } from '../harness/machine';
import { agentFor, type Cluster, nodeInterface } from './cluster';

export type Library = 'mpich' | 'openmpi';

/** How each MPI is told to send everything over the interface: no shared memory, no other network. */
const launchers: Record<Library, (agent: string, addresses: readonly string[]) => readonly string[]> = {
  mpich: (agent, addresses) => [
    'mpiexec.mpich',
    ...['-hosts', addresses.join(), '-launcher', 'rsh', '-launcher-exec', agent, '-localhost', addresses[0] as string],
    ...['-genv', 'UCX_TLS', 'tcp,self'],
  ],
  openmpi: (agent, addresses) => [
    'mpiexec.openmpi',
    ...['--host', addresses.join(), '--mca', 'plm_rsh_agent', agent, '--mca', 'btl', 'tcp,self', '--mca', 'pml', 'ob1'],
    ...['--mca', 'btl_tcp_if_include', nodeInterface, '--mca', 'oob_tcp_if_include', nodeInterface],
    ...['--bind-to', 'none'],
  ],
};

/** Run a job in a role of the program, one rank on each node of the cluster; what they found, by rank. */
export async function launch<Found>(cluster: Cluster, library: Library, role: string, job: object): Promise<Found[]> {
  const agent = agentFor(cluster);
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-scale-out-'));
  try {
    const addresses = cluster.nodes.map(({ address }) => address);
    const [first] = cluster.nodes;
    const flags = nodeFlags({ node: process.version });
    const program = [process.execPath, ...flags, process.argv[1] as string, role, JSON.stringify(job), folder];
    const command = [...launchers[library](agent.file, addresses), '-n', `${addresses.length}`, ...program];
    const found = (): boolean => readdirSync(folder).length === addresses.length;
    const { code, errors } = await ended(['netns', 'exec', first?.namespace as string, ...command], found);
    const files = readdirSync(folder).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    if (files.length !== addresses.length)
      throw new Error(`${library} on ${addresses.length} nodes ended with ${code}: ${errors}`);
    return files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Found);
  } finally {
    agent.remove();
    rmSync(folder, { recursive: true });
  }
}

/**
 * Not spawnSync: a signal to this program has to end the ranks. MPICH 4.0.2 over UCX's TCP may hang in MPI_Finalize on a busy
 * machine: one rank has gone on to the launcher's barrier and no longer answers the other, which still closes its
 * connection. So what does not end some seconds after all ranks have `found` what they were to find is ended.
 */
function ended(
  command: readonly string[],
  found: () => boolean,
): Promise<{ readonly code: number | null; readonly errors: string }> {
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
  return new Promise((resolve) => {
    const child = execFile('ip', command, { env, timeout: 10 * 60_000 }, (_, _output, errors) => {
      process.off('exit', end);
      clearInterval(watch);
      resolve({ code: child.exitCode, errors });
    });
    const end = (): void => {
      child.kill(); // the launcher takes its ranks along
    };
    process.once('exit', end);
    let patience = 5;
    const watch = setInterval(() => {
      if (found() && --patience === 0) end();
    }, 1000);
  });
}
