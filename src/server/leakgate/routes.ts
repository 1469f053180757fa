/** Our own interface, /rest/leakgate: what the other two lack. */
import type { Routes } from '../server-context.ts';
import { addAuditRoutes } from './audit.ts';
import { addEventRoutes } from './events.ts';
import { addExplainRoutes } from './explain.ts';
import { addFindingExportRoutes } from './findings-export.ts';
import { addFindingRoutes } from './findings.ts';
import { addPushRoutes } from './pushes.ts';
import { addReviewRoutes } from './reviews.ts';
import { addRuleRoutes } from './rules.ts';
import { addScanRoutes } from './scans.ts';
import { addSettingRoutes } from './settings.ts';

export const LEAKGATE_ROUTES: readonly Routes[] = [
  addFindingRoutes,
  addFindingExportRoutes,
  addReviewRoutes,
  addExplainRoutes,
  addRuleRoutes,
  addScanRoutes,
  addEventRoutes,
  addAuditRoutes,
  addPushRoutes,
  addSettingRoutes,
];
