import type { Routes } from '../server-context.ts';
import { addExportRoutes } from './export-report.ts';
import { addGlobalReviewedRoutes } from './global-reviewed.ts';
import { addLogLevelRoutes } from './log-level.ts';
import { addMassScanRoutes } from './mass-scan.ts';
import { addReviewedRoutes } from './reviewed.ts';
import { addRuleRoutes } from './rules.ts';
import { addScanRoutes } from './scans.ts';
import { addStatusRoutes } from './status.ts';

/** Soteri's interface, `/rest/security`: everything of its "REST API for Scripting" and "for Mass Scanning" but the hook's settings, which are Bitbucket's. */
export const SOTERI_ROUTES: readonly Routes[] = [
  addStatusRoutes,
  addScanRoutes,
  addExportRoutes,
  addMassScanRoutes,
  addRuleRoutes,
  addReviewedRoutes,
  addGlobalReviewedRoutes,
  addLogLevelRoutes,
];
