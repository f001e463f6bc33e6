import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import type { Reply, Request } from '../contestant';

/** One contestant in a process of its own, which keeps what is warm and whose memory is its own. */
export class ContestantProcess {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private readonly reader: Interface;
  private complaints = '';

  constructor(command: readonly string[]) {
    const [program, ...rest] = command as [string, ...string[]];
    this.child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.on('error', (error) => {
      this.complaints += error.message;
    });
    this.child.stdin?.on('error', () => {}); // a dead process shows as a missing reply
    this.child.stderr?.on('data', (chunk) => {
      this.complaints = (this.complaints + chunk).slice(-4000);
    });
    this.reader = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    this.lines = this.reader[Symbol.asyncIterator]();
  }

  /** @throws Error with what the contestant says, or with what it printed before it died */
  async ask<T>(request: Request): Promise<T> {
    this.child.stdin?.write(`${JSON.stringify(request)}\n`);
    const { value: line, done } = await this.lines.next();
    if (done) throw new Error(`the process ended: ${this.complaints.trim()}`);
    const reply = JSON.parse(line) as Reply<T>;
    if ('error' in reply) throw new Error(reply.error);
    return reply.value;
  }

  /** Largest resident set so far, in bytes, as Linux tells it; null elsewhere. */
  peakResidentBytes(): number | null {
    try {
      const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
      const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
      return kilobytes === undefined ? null : Number(kilobytes) * 1024;
    } catch {
      return null;
    }
  }

  end(): void {
    this.reader.close();
    this.child.kill();
  }
}
