/** What a server needs besides the scanning itself, in Bitbucket's interface. */
import type { Routes } from '../server-context.ts';
import { addHookScriptUseRoutes } from './hook-script-uses.ts';
import { addHookScriptRoutes } from './hook-scripts.ts';
import { addLogLevelRoutes } from './log-levels.ts';
import { addMailSenderRoutes, addMailServerRoutes } from './mail-server.ts';

export const PLUMBING_ROUTES: readonly Routes[] = [
  addMailServerRoutes,
  addMailSenderRoutes,
  addLogLevelRoutes,
  addHookScriptRoutes,
  addHookScriptUseRoutes,
];
