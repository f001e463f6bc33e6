import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The interface by which a node reaches the others. */
export const nodeInterface = 'eth0';

/** Packets as of a network with jumbo frames, and what a node may send at once: small beside a message. */
const [packetBytes, burst] = [9000, '20kb'];

/** Nodes on one machine: each a network namespace with an interface of its own, all on one bridge. */
export interface Cluster {
  readonly nodes: readonly Node[];
  /** From now on each node sends at most this much; null: as fast as it can. */
  limit(megabits: number | null): void;
  /** Take the namespaces away. */
  remove(): void;
}
interface Node {
  readonly namespace: string;
  readonly address: string;
}

/** What is missing for namespaces and limits of rate, or null. */
export function lacking(): string | null {
  if (process.platform !== 'linux') return 'network namespaces, which Linux alone has';
  if (process.getuid?.() !== 0) return 'the rights of root, which namespaces and limits of rate need';
  const missing = ['ip', 'tc'].find((tool) => spawnSync(tool, ['-V']).error !== undefined);
  return missing === undefined ? null : `the program ${missing}: apt-get install iproute2`;
}

export function openCluster(size: number): Cluster {
  const name = `floragrad-${process.pid}`;
  const hub = `${name}-hub`;
  const nodes = Array.from({ length: size }, (_, i) => ({ namespace: `${name}-${i}`, address: `10.77.0.${i + 1}` }));
  const remove = (): void => {
    for (const namespace of [...nodes.map((node) => node.namespace), hub])
      spawnSync('ip', ['netns', 'del', namespace], { stdio: 'ignore' });
  };
  try {
    ip(`netns add ${hub}`);
    ip(`-n ${hub} link add name hub type bridge`);
    ip(`-n ${hub} link set dev hub mtu ${packetBytes} up`);
    for (const [i, { namespace, address }] of nodes.entries()) {
      ip(`netns add ${namespace}`);
      ip(`-n ${namespace} link set dev lo up`);
      ip(`-n ${hub} link add name port${i} type veth peer name ${nodeInterface} netns ${namespace}`);
      ip(`-n ${hub} link set dev port${i} mtu ${packetBytes} master hub up`);
      ip(`-n ${namespace} link set dev ${nodeInterface} mtu ${packetBytes} up`);
      ip(`-n ${namespace} addr add ${address}/24 dev ${nodeInterface}`);
    }
  } catch (error) {
    remove();
    throw error;
  }
  return {
    nodes,
    remove,
    limit(megabits) {
      for (const { namespace } of nodes) {
        const tc = ['netns', 'exec', namespace, 'tc', 'qdisc'];
        spawnSync('ip', [...tc, 'del', 'dev', nodeInterface, 'root'], { stdio: 'ignore' });
        if (megabits === null) continue;
        ip(`${tc.join(' ')} add dev ${nodeInterface} root tbf rate ${megabits}mbit burst ${burst} latency 20ms`);
      }
    },
  };
}

function ip(words: string): void {
  execFileSync('ip', words.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] });
}

/**
 * What a launcher calls in place of `ssh HOST COMMAND`: the command runs in the namespace of that address, under a name of its
 * own, since ranks that have one name share memory and send nothing.
 */
export function agentFor({ nodes }: Cluster): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'floragrad-agent-'));
  const file = join(folder, 'agent');
  const rows = nodes.map(({ namespace, address }) => `  ${address}) namespace=${namespace} ;;`);
  const lines = [
    '#!/bin/sh',
    'while case "$1" in -*) true ;; *) false ;; esac; do shift; done', // options of the launcher
    'case "$1" in',
    ...rows,
    'esac',
    'shift',
    'exec ip netns exec "$namespace" unshare --uts sh -c "hostname $namespace; exec $*"',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o755 });
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}
