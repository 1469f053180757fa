/**
 * Entry of the pre-receive hook: bundled into `dist/hook.cjs`, started by the shell shim that `leakgate hook install` writes.
 * The verdict is fixed before anything is printed, and nothing that happens afterwards changes it.
 */
import { createHookProcess } from './hook-process.ts';
import { runPreReceive } from './pre-receive.ts';

const host = createHookProcess(process);
void runPreReceive(host).then((exit) => host.end(exit));
