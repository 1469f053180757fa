import { Option } from 'commander';
import type { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { addExamples } from './examples.ts';

/** Options that several rules commands share. */
export interface RulesFlags {
  readonly config?: string;
  readonly format: 'text' | 'json';
  readonly showSecrets?: true;
}

/** `leakgate rules check|list|explain|test`. */
export function addRulesCommand(program: Command, context: CliContext): void {
  const rules = program.command('rules').description('See, check and try the rules: what is looked for.');
  addCheck(rules, context);
  addList(rules, context);
  addExplain(rules, context);
  addTest(rules, context);
}

function addCheck(rules: Command, context: CliContext): void {
  const command = rules
    .command('check')
    .description('Check rule files: keys, patterns, keywords, examples, speed. Every problem is named at once.')
    .argument('[path...]', 'rule files, or folders of them (default: the built-in rules)')
    .action(async (paths: string[]) => {
      const { checkRuleFiles } = await import('./check-rule-files.ts');
      await checkRuleFiles(context, paths);
    });
  addExamples(command, [
    { run: 'leakgate rules check', does: 'the built-in rules' },
    { run: 'leakgate rules check rules/ our-rules.yml', does: 'a folder and a file' },
  ]);
}

function addList(rules: Command, context: CliContext): void {
  const command = rules
    .command('list')
    .description('List the rules that are in force here, with the configuration of this folder applied.')
    .option('--config <file>', 'global configuration, instead of the standard places')
    .addOption(formatOption())
    .action(async (flags: RulesFlags) => {
      const { listRules } = await import('./list-rules.ts');
      await listRules(context, flags);
    });
  addExamples(command, [{ run: 'leakgate rules list | grep github', does: 'what is known of one vendor' }]);
}

function addExplain(rules: Command, context: CliContext): void {
  const command = rules
    .command('explain')
    .description(
      'Explain one rule: pattern, the literals it is found by, thresholds, checks, examples, where it was written.',
    )
    .argument('<id>', 'id of the rule')
    .option('--config <file>', 'global configuration, instead of the standard places')
    .addOption(formatOption())
    .action(async (id: string, flags: RulesFlags) => {
      const { explainRule } = await import('./explain-rule.ts');
      await explainRule(context, id, flags);
    });
  addExamples(command, [{ run: 'leakgate rules explain github-pat', does: 'all about one rule' }]);
}

function addTest(rules: Command, context: CliContext): void {
  const command = rules
    .command('test')
    .description('Try a rule on its own examples, or on a file. Allowlists and inline marks are left aside.')
    .argument('<rule>', 'id of a rule, or a rule file (.yml), whose rules are all tried')
    .argument('[file]', 'what to search, - for standard input (default: the examples)')
    .option('--config <file>', 'global configuration, instead of the standard places')
    .option('--show-secrets', 'print secrets in clear')
    .action(async (rule: string, file: string | undefined, flags: Omit<RulesFlags, 'format'>) => {
      const { testRule } = await import('./test-rule.ts');
      await testRule(context, rule, file, flags);
    });
  addExamples(command, [
    { run: 'leakgate rules test github-pat', does: 'are all examples found, and no negative one?' },
    { run: 'leakgate rules test our-rules.yml access.log', does: 'what rules in the making find in a file' },
  ]);
}

function formatOption(): Option {
  return new Option('-f, --format <name>', 'format of the answer').choices(['text', 'json']).default('text');
}
